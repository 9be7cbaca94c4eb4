"""A box as files: sysfs and procfs of a Raspberry Pi 5 in good health, and ways to spoil it.

The attributes and their forms are those of the kernel's documentation that each reader names; no
Raspberry Pi was at hand to record them from. What a Debian machine tells is recorded beside.
"""

from pathlib import Path

RECORDED = Path(__file__).parent / "recorded/debian"

FIB_TRIE = (RECORDED / "proc/net/fib_trie").read_text()
PI: dict[str, str | bytes] = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "52350\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    "sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled": "0\n",
    "sys/class/net/lo/carrier": "1\n",
    "sys/class/net/eth0/device/uevent": "DRIVER=macb\n",
    "sys/class/net/eth0/carrier": "1\n",
    "sys/class/net/eth0/speed": "1000\n",
    "sys/class/net/eth0/duplex": "full\n",
    "sys/class/net/eth0/statistics/rx_packets": "90000\n",
    "sys/class/net/eth0/statistics/tx_packets": "60000\n",
    "sys/class/net/eth0/statistics/rx_errors": "0\n",
    "sys/class/net/eth0/statistics/rx_missed_errors": "2\n",
    "sys/class/net/eth0/statistics/tx_errors": "0\n",
    "sys/class/video4linux/video0/name": "HD Pro Webcam C920\n",
    "sys/class/video4linux/video0/index": "0\n",
    "sys/class/video4linux/video1/name": "HD Pro Webcam C920\n",
    "sys/class/video4linux/video1/index": "1\n",
    "sys/class/video4linux/video19/name": "rpi-hevc-dec\n",
    "sys/class/video4linux/video19/index": "0\n",
    "sys/class/drm/card1-HDMI-A-1/status": "connected\n",
    "sys/class/drm/card1-HDMI-A-2/status": "disconnected\n",
    "sys/class/drm/card1-HDMI-A-2/edid": b"",
    "sys/bus/cec/devices/cec0/uevent": "",
    "sys/fs/ext4/mmcblk0p5/errors_count": "0\n",
    "sys/block/mmcblk0/stat": "  8125 4102 812034 3301 5120 9100 204800 8800 0 5012 12101\n",
    "sys/block/mmcblk0/device/type": "SD\n",
    "sys/class/watchdog/watchdog0/bootstatus": "0\n",
    "sys/class/watchdog/watchdog0/options": "0x8180\n",
    "proc/device-tree/chosen/bootloader/rsts": b"\0\0\x10\0",
    "proc/device-tree/model": b"Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/device-tree/serial-number": b"10000000a1b2c3d4\0",
    "proc/cmdline": "console=tty1 rauc.slot=A root=/dev/mmcblk0p2 ro\n",
    "etc/os-release": 'ID=debian\nIMAGE_VERSION="2026.11.1"\n',
    "proc/uptime": "81.48 300.20\n",
    "proc/sys/kernel/random/boot_id": "6c1fb0a2-3a52-4a57-9d0e-0d1f5b1c9e11\n",
    "proc/meminfo": "MemTotal:  4045160 kB\nMemFree:  1200000 kB\nMemAvailable:  2807000 kB\n",
    "proc/mounts": "/dev/mmcblk0p2 / erofs ro,relatime 0 0\n"
    "/dev/mmcblk0p5 /data ext4 rw,relatime,errors=remount-ro 0 0\n",
    "proc/net/route": (RECORDED / "proc/net/route").read_text(),
    "proc/net/fib_trie": FIB_TRIE,
    "proc/net/if_inet6": (RECORDED / "proc/net/if_inet6").read_text(),
    "proc/asound/cards": " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n"
    "                      vc4-hdmi-0\n"
    " 2 [Speakerphone   ]: USB-Audio - Jabra SPEAK 510 USB\n"
    "                      Jabra SPEAK 510 USB at usb-xhci-hcd.0-1\n",
    "proc/asound/card0/pcm0p/info": "card: 0\n",
    "proc/asound/card2/pcm0c/info": "card: 2\n",
    "proc/asound/card2/pcm0p/info": "card: 2\n",
}


def plant(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write the files below `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def pi(root: Path) -> Path:
    """The Pi 5 below `root`."""
    plant(root, PI | {"sys/class/drm/card1-HDMI-A-1/edid": edid("SONY TV", "1.0.0.0")})
    return root


def spoil(root: Path, name: str, content: str | bytes | None) -> None:
    """Another content for one attribute; None takes it away."""
    if content is None:
        (root / name).unlink()
    else:
        plant(root, {name: content})


def edid(name: str, address: str) -> bytes:
    """Two blocks with a display name and, where `address` is one, HDMI's vendor block."""
    base = bytearray(128)
    base[108:126] = b"\0\0\0\xfc\0" + name.encode("cp437").ljust(13, b"\n")[:13]
    base[126] = 1
    extension = bytearray(128)
    extension[:4] = (2, 3, 4, 0)
    if address:
        parts = [int(part, 16) for part in address.split(".")]
        audio = bytes((0x23, 0x09, 0x07, 0x07))
        vendor = bytes((0x65, 3, 0x0C, 0, parts[0] << 4 | parts[1], parts[2] << 4 | parts[3]))
        blocks = audio + vendor
        extension[2] = 4 + len(blocks)
        extension[4 : 4 + len(blocks)] = blocks
    return bytes(base + extension)
