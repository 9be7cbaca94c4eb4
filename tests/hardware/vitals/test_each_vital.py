"""One vital at a time, in the states that a commune brings."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.vitals.address import gateway, ipv4, ipv6
from hardware.vitals.camera import cameras
from hardware.vitals.filesystem import ext4_errors
from hardware.vitals.identity import release, slot, uptime_s
from hardware.vitals.link import links
from hardware.vitals.memory import Memory, memory
from hardware.vitals.mounts import Mount, disk_of, mount_of
from hardware.vitals.reboot import Start, last_panic, start, watchdog_tells
from hardware.vitals.sound import microphones
from hardware.vitals.sysfs import entries, whole, word
from hardware.vitals.temperature import soc_celsius
from hardware.vitals.throttling import slowed_by
from hardware.vitals.tv import tvs
from hardware.vitals.units import parse_units
from hardware.vitals.voltage import under_voltage
from hardware.vitals.wear import Wear, wear, written_mb
from tests.hardware.vitals.trees import edid, pi, plant, spoil

HWMON = "sys/class/hwmon"
NET = "sys/class/net"
ROUTE_HEAD = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"


@pytest.mark.parametrize(
    ("alarm", "low"), [("1\n", True), ("0\n", False), ("", None), (None, None)]
)
def test_voltage_is_that_of_the_firmwares_sensor_alone(
    tmp_path: Path, alarm: str | None, low: bool | None
) -> None:
    root = pi(tmp_path)
    plant(root, {f"{HWMON}/hwmon0/in0_lcrit_alarm": "1\n"})  # another's: the SoC's own
    spoil(root, f"{HWMON}/hwmon1/in0_lcrit_alarm", alarm)
    assert under_voltage(root) is low


@pytest.mark.parametrize(
    ("bits", "reasons"),
    [
        ("8", ("soft temperature limit",)),
        ("0xE", ("frequency capped", "throttled", "soft temperature limit")),
        ("10", ()),  # hexadecimal also without 0x: bit 4, which is none of ours
        ("throttled=0x50005", ("throttled",)),
        ("what", None),
        ("0x", None),
    ],
)
def test_what_the_firmware_says_of_its_speed(
    tmp_path: Path, bits: str, reasons: tuple[str, ...] | None
) -> None:
    root = pi(tmp_path)
    spoil(root, "sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled", bits)
    assert slowed_by(root) == reasons


def test_one_slow_core_of_several_is_enough_and_half_a_policy_says_nothing(tmp_path: Path) -> None:
    freq = "sys/devices/system/cpu/cpufreq"
    plant(tmp_path, {f"{freq}/policy0/scaling_max_freq": "1500000", f"{freq}/boost": "0"})
    assert slowed_by(tmp_path) is None
    plant(tmp_path, {f"{freq}/policy0/cpuinfo_max_freq": "1500000"})
    assert slowed_by(tmp_path) is None, "no limit of the kernel's: the firmware may have one"
    policy4 = f"{freq}/policy4"
    slow: dict[str, str | bytes] = {
        f"{policy4}/scaling_max_freq": "600000",
        f"{policy4}/cpuinfo_max_freq": "2400000",
    }
    plant(tmp_path, slow)
    assert slowed_by(tmp_path) == ("frequency capped",)


@pytest.mark.parametrize(
    ("life", "spare", "found"),
    [
        ("0x0a 0x0a", "0x01", Wear(100, 1)),
        ("0x03 0x00", "0x00", Wear(30, 1)),  # one area alone; 0 says nothing of the spare
        ("0xff 0x01", None, Wear(110, 1)),  # no more than "exceeded"
        ("01 02", "0x02", Wear(20, 2)),
        ("0x01 much", "0x01", None),
    ],
)
def test_wear_is_that_of_the_worse_area(
    tmp_path: Path, life: str, spare: str | None, found: Wear | None
) -> None:
    device = "sys/block/mmcblk0/device"
    plant(tmp_path, {f"{device}/life_time": life})
    if spare is not None:
        plant(tmp_path, {f"{device}/pre_eol_info": spare})
    assert wear(tmp_path, "mmcblk0") == found
    assert wear(tmp_path, "mmcblk1") is None


@pytest.mark.parametrize(
    ("stat", "megabytes"),
    [
        ("1 2 3 4 5 6 2000000 8", 1024.0),
        ("1 2 3 4 5 6 0", 0.0),
        ("1 2 3 4 5 6", None),
        ("1 2 3 4 5 6 -7 8", None),
    ],
)
def test_written_is_the_seventh_field_in_sectors(
    tmp_path: Path, stat: str, megabytes: float | None
) -> None:
    plant(tmp_path, {"sys/block/sda/stat": stat})
    assert written_mb(tmp_path, "sda") == megabytes


@pytest.mark.parametrize(
    ("bits", "found"), [("0", False), ("32", True), ("0x20", True), ("0x21", True), ("31", False)]
)
def test_the_watchdogs_bit_is_card_reset_and_no_other(
    tmp_path: Path, bits: str, found: bool
) -> None:
    plant(tmp_path, {"sys/class/watchdog/watchdog0/bootstatus": bits})
    assert (start(tmp_path) is Start.WATCHDOG) is found
    plant(tmp_path, {"sys/class/watchdog/watchdog0/options": bits})
    assert watchdog_tells(tmp_path) is found


def test_only_a_kernels_dump_is_a_panic(tmp_path: Path) -> None:
    plant(tmp_path, {"sys/fs/pstore/console-ramoops-0": "x", "sys/fs/pstore/pmsg-ramoops-0": "x"})
    assert last_panic(tmp_path) is None
    plant(tmp_path, {"sys/fs/pstore/dmesg-efi-1": "x"})
    assert last_panic(tmp_path) == ""


def test_a_path_lies_on_the_deepest_mount_and_of_equals_on_the_last(tmp_path: Path) -> None:
    plant(tmp_path, {"proc/mounts":
        "rootfs / rootfs rw 0 0\n/dev/mmcblk0p2 / erofs ro,relatime 0 0\n"
        "/dev/sda1 /data ext4 rw 0 0\n/dev/mmcblk0p5 /data ext4 rw,errors=remount-ro 0 0\n"
        "tmpfs /data/run tmpfs rw 0 0\nshort line\n"})  # fmt: skip
    assert mount_of(tmp_path, "/data") == Mount("mmcblk0p5", "/data", "ext4", False)
    assert mount_of(tmp_path, "/data/runner") == Mount("mmcblk0p5", "/data", "ext4", False)
    assert mount_of(tmp_path, "/data/run/x") == Mount("tmpfs", "/data/run", "tmpfs", False)
    assert mount_of(tmp_path, "/etc") == Mount("mmcblk0p2", "/", "erofs", True)


@pytest.mark.parametrize(
    ("line", "point"),
    [
        (r"/media/the\040nho", "/media/the nho"),
        (r"/media/a\134b", r"/media/a\b"),
        ("/media/Thẻ\\040nhớ", "/media/Thẻ nhớ"),
        (r"/media/x\040", "/media/x "),
        (r"/media/\u", r"/media/\u"),
    ],
)
def test_a_mount_point_has_its_letters_and_blanks(tmp_path: Path, line: str, point: str) -> None:
    plant(tmp_path, {"proc/mounts": f"/dev/sda1 {line} vfat ro 0 0\n"})
    assert mount_of(tmp_path, f"{point}/site.toml") == Mount("sda1", point, "vfat", True)


letters = st.characters(categories=["L", "N", "P", "S"]) | st.sampled_from(" \t\\#")


@given(st.text(letters, min_size=1, max_size=30))
def test_any_mount_point_that_the_kernel_writes_is_found(name: str) -> None:
    written = "".join(f"\\{ord(one):03o}" if one in " \t\\#" else one for one in name)
    with TemporaryDirectory() as folder:
        root = plant(Path(folder), {"proc/mounts": f"/dev/sda1 /m/{written} vfat ro 0 0\n"})
        assert mount_of(root, f"/m/{name}") == Mount("sda1", f"/m/{name}", "vfat", True)


@pytest.mark.parametrize(
    ("device", "disk"),
    [("mmcblk10p12", "mmcblk10"), ("mmcblk0boot0", "mmcblk0boot0"), ("sdaa15", "sdaa"),
     ("vdb3", "vdb"), ("nvme1n1p1", "nvme1n1"), ("loop0", "loop0"), ("loop7p1", "loop7"),
     ("dm-0", "dm-0"), ("overlay", "overlay"), ("", "")],
)  # fmt: skip
def test_the_disk_behind_a_device(device: str, disk: str) -> None:
    assert disk_of(device) == disk


def test_of_the_interfaces_those_with_a_device_and_with_what_they_say(tmp_path: Path) -> None:
    plant(tmp_path, {
        f"{NET}/wlan0/device/uevent": "", f"{NET}/wlan0/carrier": "1\n",
        f"{NET}/eth0/device/uevent": "", f"{NET}/eth0/carrier": "1\n", f"{NET}/eth0/speed": "10\n",
        f"{NET}/eth0/duplex": "half\n", f"{NET}/eth0/statistics/rx_errors": "3\n",
        f"{NET}/eth0/statistics/rx_missed_errors": "4\n",
        f"{NET}/eth0/statistics/tx_errors": "5\n", f"{NET}/eth0/statistics/rx_dropped": "100\n",
        f"{NET}/wg0/carrier": "1\n", f"{NET}/eth1/device/uevent": "",
        f"{NET}/eth1/duplex": "unknown\n", f"{NET}/eth1/speed": "0\n",
    })  # fmt: skip
    eth0, eth1, wlan0 = links(tmp_path)
    assert (eth0.name, eth0.mbit, eth0.full_duplex, eth0.errors) == ("eth0", 10, False, 12)
    assert (eth1.name, eth1.carrier, eth1.mbit, eth1.full_duplex) == ("eth1", False, None, None)
    assert (wlan0.name, wlan0.carrier, wlan0.mbit, wlan0.received) == ("wlan0", True, None, 0)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("eth0 00000000 0101A8C0 0003 0 0 100 00000000 0 0 0", "192.168.1.1"),
        ("eth0 0001A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0", None),
        ("wwan0 00000000 00000000 0001 0 0 0 00000000 0 0 0", None),
        ("* 00000000 00000000 0201 0 0 0 00000000 0 0 0\n"
         "eth0 00000000 FE01A8C0 0003 0 0 100 00000000 0 0 0", "192.168.1.254"),
        ("eth0 00000000 0101A8C0 0003 0 0 100 00000080 0 0 0", None),  # half of all addresses
        ("eth0 00000000 0101A8C0 0003 0 0 100", None),
    ],
)  # fmt: skip
def test_the_gateway_is_that_of_the_default_route(
    tmp_path: Path, rows: str, found: str | None
) -> None:
    plant(tmp_path, {"proc/net/route": f"{ROUTE_HEAD}{rows}\n"})
    assert gateway(tmp_path) == found


def test_an_address_that_nobody_gave_is_none(tmp_path: Path) -> None:
    def local(*addresses: str) -> str:
        return "".join(f"  |-- {one}\n     /32 host LOCAL\n" for one in addresses)

    plant(tmp_path, {"proc/net/fib_trie": local("127.0.0.1", "169.254.7.7")})
    assert ipv4(tmp_path) is None
    plant(tmp_path, {"proc/net/fib_trie": local("169.254.7.7", "10.9.8.7", "10.9.8.8")})
    assert ipv4(tmp_path) == "10.9.8.7"
    rows = (f"{one} 02 40 00 80 eth0\n" for one in ("0" * 31 + "1", "fe80" + "0" * 27 + "1"))
    plant(tmp_path, {"proc/net/if_inet6": "".join(rows) + "xyz\n\n"})
    assert ipv6(tmp_path) is None
    spoil(tmp_path, "proc/net/if_inet6", "20010db8" + "0" * 23 + "7 02 40 00 80 eth0\n")
    assert ipv6(tmp_path) == "2001:db8::7"


def test_memory_needs_both_of_its_numbers(tmp_path: Path) -> None:
    plant(tmp_path, {"proc/meminfo": "MemTotal: 1000000 kB\nMemAvailable: many kB\n"})
    assert memory(tmp_path) is None
    spoil(tmp_path, "proc/meminfo", "MemAvailable: 500000 kB\nMemTotal: 1000000 kB\nx\n")
    assert memory(tmp_path) == Memory(1024.0, 512.0)


def test_the_socs_temperature_before_a_hotter_ones(tmp_path: Path) -> None:
    thermal = "sys/class/thermal"
    zones = (("0", "nvme", "91000"), ("1", "cpu_thermal", "61500"), ("2", "pmic", "70000"))
    for number, kind, milli in zones:
        plant(tmp_path, {f"{thermal}/thermal_zone{number}/type": kind,
                         f"{thermal}/thermal_zone{number}/temp": milli,
                         f"{thermal}/cooling_device{number}/temp": "99000"})  # fmt: skip
    assert soc_celsius(tmp_path) == 61.5
    spoil(tmp_path, f"{thermal}/thermal_zone1/type", "gpu")
    assert soc_celsius(tmp_path) == 91.0
    for number, _, _ in zones:
        spoil(tmp_path, f"{thermal}/thermal_zone{number}/temp", "-5250")
    assert soc_celsius(tmp_path) == -5.25


def test_cameras_and_microphones_are_what_was_plugged_in(tmp_path: Path) -> None:
    video = "sys/class/video4linux"
    names = ("Logi C270", "Logi C270", "pispbe-input", "", "rp1-cfe-csi2_ch0", "Cheap")
    for number, name in enumerate(names):
        plant(tmp_path, {f"{video}/video{number}/name": name})
    plant(tmp_path, {f"{video}/video1/index": "1", f"{video}/v4l-subdev0/name": "imx708"})
    assert cameras(tmp_path) == ("Logi C270", "Cheap")
    plant(tmp_path, {
        "proc/asound/cards": " 0 [a ]: USB-Audio - A\n 1 [b ]: HDA - B\n11 [c ]: USB - C\n",
        "proc/asound/card0/pcm1c/info": "", "proc/asound/card1/pcm0p/info": "",
        "proc/asound/card11/pcm10c/info": "", "proc/asound/card1/codec#0": "",
    })  # fmt: skip
    assert microphones(tmp_path) == ("USB-Audio - A", "USB - C")


def test_a_tv_is_plugged_in_and_answers_or_only_the_one(tmp_path: Path) -> None:
    drm = "sys/class/drm"
    plant(tmp_path, {f"{drm}/card1-HDMI-A-1/status": "connected\n",
                     f"{drm}/card1-HDMI-A-2/status": "unknown\n",
                     f"{drm}/card1-HDMI-A-2/edid": edid("OLD", "2.1.0.0"),
                     f"{drm}/card1-DSI-1/status": "connected\n"})  # fmt: skip
    first, second = tvs(tmp_path)
    assert (first.connected, first.answers, first.name) == (True, False, "")
    assert (second.connected, second.answers, second.physical_address) == (False, True, "2.1.0.0")
    assert [one.socket for one in (first, second)] == [1, 2]


@pytest.mark.parametrize(
    ("cmdline", "found"),
    [("rauc.slot=B", "B"), ("quiet rauc.slot=A ro", "A"), ("xrauc.slot=A", ""), ("rauc.slot=", "")],
)
def test_the_slot_is_a_word_of_its_own(tmp_path: Path, cmdline: str, found: str) -> None:
    plant(tmp_path, {"proc/cmdline": cmdline})
    assert slot(tmp_path) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("IMAGE_VERSION=1.2\n", "1.2"), ('A=1\nIMAGE_VERSION="1.2+3"\nB=2', "1.2+3"),
     ("BUILD_IMAGE_VERSION=9\n", ""), ('IMAGE_VERSION=""', "")],
)  # fmt: skip
def test_the_release_is_that_of_the_image(tmp_path: Path, text: str, found: str) -> None:
    plant(tmp_path, {"etc/os-release": text, "proc/uptime": "12.5"})
    assert (release(tmp_path), uptime_s(tmp_path)) == (found, 12.5)


def test_attributes_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    plant(tmp_path, {"a": b" \xe1\xbb\x87\0\n", "b": "-0x10\n", "c": "010", "d": " 12 \n"})
    assert word(tmp_path / "a") == "ệ"
    numbers = [whole(tmp_path / name) for name in "abcdx"]
    assert numbers == [None, -16, None, 12, None]
    assert [entry.name for entry in entries(tmp_path)] == ["a", "b", "c", "d"]
    plant(tmp_path, {"sys/fs/ext4/sda1/errors_count": "7\n"})
    assert (ext4_errors(tmp_path, "sda1"), ext4_errors(tmp_path, "sda2")) == (7, None)


def test_units_are_texts_in_the_order_of_systemd() -> None:
    assert parse_units(b'[{"unit":"b.service"},{"unit":"a.mount","x":1}]') == (
        "b.service",
        "a.mount",
    )
    assert parse_units(b'{"unit":"a.service"}') is None
    assert parse_units(b"null") is None
