"""The Pi's own card in an emulated 3B: its U-Boot, card reader, device tree and pins."""

import re
from collections.abc import Iterator

import pytest

from tests.image.machine.guest.emulator import BUILD, PATIENCE
from tests.image.machine.guest.questions import SITE, on_card
from tests.image.machine.guest.raspberry import RaspberryPi, card_for

pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="module")
def board() -> Iterator[RaspberryPi]:
    with RaspberryPi(card_for(BUILD / "pi", SITE.format(port=9))) as machine:
        yield machine


def test_its_u_boot_takes_the_slot(board: RaspberryPi) -> None:
    """It leaves a sum's bytes the other way round than QEMU's: no slot was ever whole on a Pi."""
    board.wait_for("Starting kernel")
    said = board.said()
    assert "diemcau: slot A version" in said
    assert "cannot be booted" not in said
    # Our own environment: nothing that a key, or noise on the serial pin, could stop.
    assert "Loading Environment from FAT... OK" in said
    assert "Hit any key" not in said
    assert re.search(r"Out: +serial\s*$", said, re.MULTILINE), "it writes on the TV"


def test_the_card_is_read_and_grown(board: RaspberryPi) -> None:
    state = board.ask("systemctl is-system-running --wait")
    assert state == "running", board.ask("systemctl --failed; journalctl -b -p warning -n 40")
    mounts = board.ask("cat /proc/mounts")
    assert re.search(r"^/dev/dm-1 / squashfs ro,", mounts, re.MULTILINE)
    assert re.search(r"/mmcblk0p4 /data ext4 rw,", mounts)
    assert int(board.ask("stat --file-system --format %b /data")) * 4096 > 600e6


def test_the_slot_is_marked_good(board: RaspberryPi) -> None:
    told = board.ask("diemcau slots show").splitlines()
    assert told[0].startswith("order A B; attempts left: A 3, B 0")
    assert re.fullmatch(r"A \S+ good", told[1])


def test_button_and_lamp_are_the_headers_pins(board: RaspberryPi) -> None:
    """Lines of the BCM2835, held by gpiozero for the endpoint: two buttons, the lamp's two."""
    assert board.ask("cat /proc/device-tree/model").startswith("Raspberry Pi 3 Model B")
    board.ask("mount -t debugfs debugfs /sys/kernel/debug")
    held = re.findall(r"\((GPIO\d+) +\|lg +\) (in|out)", board.ask("cat /sys/kernel/debug/gpio"))
    assert held == [("GPIO17", "in"), ("GPIO23", "out"), ("GPIO24", "out"), ("GPIO27", "in")]
    # The emulated lines are low without a pull-up: what a button does that is held down for ever.
    board.ask("until grep -q N1 /run/diemcau/health.json; do sleep 1; done", within=120.0)


def test_supply_and_speed_are_the_firmwares_word(board: RaspberryPi) -> None:
    """By the two modules that Debian's kernel leaves out; here the firmware says: all is well."""
    ask = (
        "from pathlib import Path; from hardware.vitals.{} import {} as ask; print(ask(Path('/')))"
    )
    assert board.ask(f'python3 -c "{ask.format("voltage", "under_voltage")}"') == "False"
    assert board.ask(f'python3 -c "{ask.format("throttling", "slowed_by")}"') == "()"
    driver = "/sys/bus/platform/drivers/raspberrypi-firmware"
    assert board.ask(f"cat {driver}/*/get_throttled") == "0"


def test_memory_is_set_apart_for_a_panics_last_words(board: RaspberryPi) -> None:
    log = board.ask("dmesg")
    assert "ramoops: using 0x10000@0xb000000, ecc: 16" in log
    assert log.index("ramoops: using") < log.index("mmcblk"), "the card may hang it"


def test_its_settings_are_in_force(board: RaspberryPi) -> None:
    assert board.ask("diemcau check /data/site/site.toml >/dev/null; echo $?") == "0"
    board.cut()
    assert "Khong-ai-biet" not in on_card(board.folder / "card.img", "site.toml")
    assert "ia-kly" in on_card(board.folder / "card.img", "RESULT.txt")
