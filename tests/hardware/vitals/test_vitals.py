"""Each vital on a Pi in good health, on a recorded machine, on nothing, and on rubbish."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hardware.vitals.address import gateway, ipv4, ipv6
from hardware.vitals.camera import cameras
from hardware.vitals.filesystem import ext4_errors
from hardware.vitals.identity import boot_id, model, release, serial, slot, uptime_s
from hardware.vitals.link import links
from hardware.vitals.memory import Memory, memory
from hardware.vitals.mounts import Mount, disk_of, mount_of
from hardware.vitals.reboot import Start, last_panic, start, watchdog_tells
from hardware.vitals.sound import microphones
from hardware.vitals.temperature import soc_celsius
from hardware.vitals.throttling import slowed_by
from hardware.vitals.tv import cec_devices, display_name, physical_address, tvs
from hardware.vitals.units import failed_units, parse_units
from hardware.vitals.voltage import under_voltage
from hardware.vitals.wear import Wear, wear, written_mb
from tests.hardware.vitals.trees import PI, RECORDED, edid, pi, plant, spoil


def test_a_pi_in_good_health(tmp_path: Path) -> None:
    root = pi(tmp_path)
    assert soc_celsius(root) == 52.35
    assert under_voltage(root) is False
    assert slowed_by(root) == ()
    assert memory(root) == Memory(4045160 * 1024 / 1e6, 2807000 * 1024 / 1e6)
    assert mount_of(root, "/data/health") == Mount("mmcblk0p5", "/data", "ext4", False)
    assert mount_of(root, "/database") == Mount("mmcblk0p2", "/", "erofs", True)
    assert ext4_errors(root, "mmcblk0p5") == 0
    assert wear(root, "mmcblk0") is None
    assert written_mb(root, "mmcblk0") == pytest.approx(104.8576)
    assert cameras(root) == ("HD Pro Webcam C920",)
    assert microphones(root) == ("USB-Audio - Jabra SPEAK 510 USB",)
    assert cec_devices(root) == ("cec0",)
    first, second = tvs(root)
    assert (first.connected, first.name, first.physical_address) == (True, "SONY TV", "1.0.0.0")
    assert (second.connected, second.name, second.physical_address) == (False, "", "")
    assert (serial(root), model(root)) == ("10000000a1b2c3d4", "Raspberry Pi 5 Model B Rev 1.0")
    assert (slot(root), release(root)) == ("A", "2026.11.1")
    assert (boot_id(root)[:8], uptime_s(root)) == ("6c1fb0a2", 81.48)
    assert start(root) is Start.COLD
    assert not watchdog_tells(root)
    assert last_panic(root) is None
    (cable,) = links(root)
    assert (cable.name, cable.carrier, cable.mbit, cable.full_duplex) == ("eth0", True, 1000, True)
    assert (cable.received, cable.sent, cable.errors) == (90000, 60000, 2)


def test_what_a_debian_machine_told() -> None:
    assert ipv4(RECORDED) == "192.0.2.2"
    assert ipv6(RECORDED) == "fd00::2"
    assert gateway(RECORDED) == "192.0.2.1"
    found = memory(RECORDED)
    assert found is not None
    assert 0 < found.available_mb < found.total_mb


NOTHING_KNOWN: list[tuple[Callable[[Path], object], object]] = [
    (soc_celsius, None), (under_voltage, None), (slowed_by, None), (memory, None),
    (lambda root: mount_of(root, "/data"), None), (lambda root: ext4_errors(root, "x"), None),
    (lambda root: wear(root, "x"), None), (lambda root: written_mb(root, "x"), None),
    (links, ()), (ipv4, None), (ipv6, None), (gateway, None), (cameras, ()), (microphones, ()),
    (tvs, ()), (cec_devices, ()), (serial, ""), (model, ""), (slot, ""), (release, ""),
    (boot_id, "unknown"), (uptime_s, 0.0), (start, Start.UNKNOWN),
    (watchdog_tells, False), (last_panic, None),
]  # fmt: skip


@pytest.mark.parametrize(("read", "nothing"), NOTHING_KNOWN)
def test_where_there_is_nothing_nothing_is_known(
    tmp_path: Path, read: Callable[[Path], object], nothing: object
) -> None:
    assert read(tmp_path) == nothing


@pytest.mark.parametrize(
    "rubbish", [b"", b"\n", b"\xff\xfe\x00", b"nan", b"0x", b"a b c d e f g h"]
)
def test_rubbish_in_every_attribute_raises_nothing(tmp_path: Path, rubbish: bytes) -> None:
    root = plant(tmp_path, dict.fromkeys(PI, rubbish))
    net = ("proc/net/if_inet6", "proc/net/route")
    for read, _ in NOTHING_KNOWN:
        read(root)
    assert [name for name in net if not (root / name).exists()] == []


def test_a_driver_that_refuses_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    root = pi(tmp_path)
    temp = root / "sys/class/thermal/thermal_zone0/temp"
    temp.unlink()
    temp.mkdir()  # read(2) of a folder fails with EISDIR, as a sensor's does with EIO
    assert soc_celsius(root) is None


@pytest.mark.parametrize(
    ("bits", "reasons"),
    [
        ("0x0", ()),
        ("0x50000", ()),  # sticky bits alone: it was so once
        ("1", ()),  # under-voltage has its own check
        ("0xe0008", ("soft temperature limit",)),
        ("throttled=0x6", ("frequency capped", "throttled")),
    ],
)
def test_only_the_present_bits_of_the_firmware_count(
    tmp_path: Path, bits: str, reasons: tuple[str, ...]
) -> None:
    root = pi(tmp_path)
    spoil(root, "sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled", bits)
    assert slowed_by(root) == reasons


def test_without_the_firmware_only_a_limit_of_the_kernels_is_known(tmp_path: Path) -> None:
    """cpufreq names the rate that was asked for while the firmware throttles."""
    policy = "sys/devices/system/cpu/cpufreq/policy0"
    plant(
        tmp_path, {f"{policy}/scaling_max_freq": "1800000", f"{policy}/cpuinfo_max_freq": "1800000"}
    )
    assert slowed_by(tmp_path) is None
    spoil(tmp_path, f"{policy}/scaling_max_freq", "1500000")
    assert slowed_by(tmp_path) == ("frequency capped",)


def test_the_firmwares_device_is_found_whatever_its_parent_is(tmp_path: Path) -> None:
    driver = "sys/bus/platform/drivers/raspberrypi-firmware"
    plant(tmp_path, {f"{driver}/bind": "", f"{driver}/soc@107c000000:firmware/get_throttled": "4"})
    assert slowed_by(tmp_path) == ("throttled",)


@pytest.mark.parametrize(
    ("register", "bootstatus", "began"),
    [
        (b"\0\0\x10\0", "0", Start.COLD),
        (b"\0\0\0\x20", "0", Start.WARM),  # every restart of a Pi is its watchdog's
        (b"\0\0\x10\x20", "0", Start.COLD),
        (b"\0\x20", "0", Start.UNKNOWN),
        (None, "0", Start.UNKNOWN),  # a Pi 3
        (None, "32", Start.WATCHDOG),  # a board whose watchdog remembers
    ],
)
def test_how_the_hardware_says_that_the_box_began(
    tmp_path: Path, register: bytes | None, bootstatus: str, began: Start
) -> None:
    root = pi(tmp_path)
    spoil(root, "proc/device-tree/chosen/bootloader/rsts", register)
    spoil(root, "sys/class/watchdog/watchdog0/bootstatus", bootstatus)
    assert start(root) is began


@pytest.mark.parametrize(
    ("life", "spare", "found"),
    [
        ("0x01 0x01", "0x01", Wear(10, 1)),
        ("0x02 0x09", "0x02", Wear(90, 2)),
        ("0x0b 0x01", "0x03", Wear(110, 3)),
        ("0x00 0x00", "0x00", None),
    ],
)
def test_wear_of_an_emmc(tmp_path: Path, life: str, spare: str, found: Wear | None) -> None:
    device = "sys/block/mmcblk0/device"
    plant(tmp_path, {f"{device}/life_time": life, f"{device}/pre_eol_info": spare})
    assert wear(tmp_path, "mmcblk0") == found


@pytest.mark.parametrize(
    ("device", "disk"),
    [("mmcblk0p5", "mmcblk0"), ("nvme0n1p2", "nvme0n1"), ("sda2", "sda"), ("vda", "vda"),
     ("mmcblk0", "mmcblk0"), ("nvme0n1", "nvme0n1")],
)  # fmt: skip
def test_the_disk_of_a_partition(device: str, disk: str) -> None:
    assert disk_of(device) == disk


def test_a_cable_that_is_out_has_no_speed(tmp_path: Path) -> None:
    root = pi(tmp_path)
    spoil(root, "sys/class/net/eth0/carrier", "0")
    spoil(root, "sys/class/net/eth0/speed", "-1")
    (cable,) = links(root)
    assert not cable.carrier
    assert cable.mbit is None


@pytest.mark.parametrize("address", ["1.0.0.0", "2.3.0.0", "f.f.f.f", ""])
def test_the_physical_address_stands_in_the_edid(address: str) -> None:
    assert physical_address(edid("TV", address)) == address
    assert display_name(edid("SAMSUNG", address)) == "SAMSUNG"


@pytest.mark.parametrize("cut", [0, 1, 127, 128, 130, 140, 200, 255])
def test_half_an_edid_is_none(cut: int) -> None:
    assert physical_address(edid("TV", "1.0.0.0")[:cut]) == ""


def test_the_watchdog_and_a_panic_leave_signs(tmp_path: Path) -> None:
    root = pi(tmp_path)
    spoil(root, "sys/class/watchdog/watchdog0/bootstatus", "32")
    spoil(root, "sys/fs/pstore/dmesg-ramoops-0", "Panic#1")
    assert start(root) is Start.WATCHDOG
    assert last_panic(root) == ""
    plant(root, {"run/diemcau-last-words/panic": "Kernel panic - not syncing: why"})
    assert last_panic(root) == "Kernel panic - not syncing: why"


def test_failed_units_as_systemd_lists_them() -> None:
    said = (
        b'[{"unit":"alsa-restore.service","load":"loaded","active":"failed","sub":"failed",'
        b'"description":"Save/Restore Sound Card State"}]\n'
    )
    assert parse_units(said) == ("alsa-restore.service",)
    assert parse_units(b"[]\n") == ()
    for rubbish in (b"", b"0 loaded units listed.", b'[{"name":1}]', b"[1]"):
        assert parse_units(rubbish) is None


def test_a_systemctl_that_fails_or_is_not_there_says_nothing() -> None:
    assert failed_units(("false",)) is None
    assert failed_units(("/nowhere/systemctl",)) is None
    assert failed_units(("echo", "[]")) == ()
