"""USB sticks of the IT centre, plugged into the running machine and pulled out of it."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.machine.guest.bundles import bundle, only_header, slot_with
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of, in_tools
from tests.image.machine.guest.questions import SITE, prepare, with_data
from tests.image.machine.guest.restarts import NEXT, NO_PORT, settled

RUN = BUILD / "stick"
KEYS = BUILD / "keys/provisioning"
LABEL = "DIEMCAU-IT"
UNIT = "diemcau-support.service"
TYPED = {" ": "spc", "/": "slash", "\n": "ret"}

pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="module")
def card() -> Path:
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    with_data(card)
    prepare(card, SITE.format(port=NO_PORT))
    return card


@pytest.fixture(scope="module")
def guest(card: Path) -> Iterator[Machine]:
    usb = ("-device", "qemu-xhci,id=usb", "-device", "usb-kbd,bus=usb.0")
    with Machine(card, *usb) as machine:
        settled(machine)
        yield machine


def stick(name: str, content: Path) -> Path:
    """A stick as a shop sells it: one FAT partition, which holds `content`."""
    image = RUN / f"{name}.img"
    here, mib = image.relative_to(ROOT), 40
    image.unlink(missing_ok=True)
    with image.open("wb") as file:
        file.truncate((mib + 1) * 2**20)
    table = f"printf 'label: dos\\nstart=2048, type=c\\n' | sfdisk -q {here}"
    in_tools("sh", "-c", table)
    in_tools("mkfs.vfat", "-F", "32", "-n", LABEL, "--offset", "2048", str(here), str(mib * 1024))
    in_tools("mcopy", "-i", f"{here}@@1M", str(content.relative_to(ROOT)), f"::{content.name}")
    return image


def plug(machine: Machine, image: Path) -> None:
    drive = f"if=none,id={image.stem},file={image.relative_to(ROOT)},format=raw"
    assert "OK" in machine.tell(f"drive_add 0 {drive}")
    machine.tell(f"device_add usb-storage,bus=usb.0,drive={image.stem},id={image.stem}")


def pull(machine: Machine, image: Path) -> None:
    machine.tell(f"device_del {image.stem}")


def until(machine: Machine, condition: str) -> None:
    """Waits in the guest, by its own clock."""
    said = machine.ask(f"for i in $(seq 180); do {condition} && break; sleep 1; done; {condition}")
    told = "journalctl -b -n 60 --no-pager; lsblk -f; systemctl list-jobs --no-pager"
    assert machine.ask(f"{condition} && echo yes").strip().endswith("yes"), said + machine.ask(told)


def kind(machine: Machine, text: str) -> None:
    """Type `text` on the box's keyboard."""
    for letter in text:
        machine.tell(f"sendkey {TYPED.get(letter, letter)}")


def told(machine: Machine) -> str:
    facts = json.loads(machine.ask("cat /run/diemcau/stick.json"))
    return f"{facts['stage']}: {facts['detail']}"


def test_a_grant_opens_a_shell_until_the_stick_is_pulled_and_once_only(guest: Machine) -> None:
    signed = RUN / "support.cms"
    diemcau = Path(sys.executable).with_name("diemcau")
    subprocess.run(
        [diemcau, "grant", "--site", "ia-kly", "--who", "Nguyễn Văn A", "--hours", "2",
         "--certificate", KEYS / "signer.pem", "--key", KEYS / "signer.key", "--out", signed],
        check=True, timeout=PATIENCE,
    )  # fmt: skip
    granted = stick("granted", signed)
    before = hashlib.sha256(granted.read_bytes()).digest()
    guest.ask(f"systemctl start {UNIT}")
    assert guest.ask(f"systemctl is-active {UNIT}") == "inactive"
    plug(guest, granted)
    until(guest, f"systemctl -q is-active {UNIT}")
    assert guest.ask("cat /sys/class/tty/tty0/active") == "tty2"
    assert guest.ask(f"systemctl show -P RuntimeMaxUSec {UNIT}") == "2h"
    kind(guest, "touch /run/byhand\n")
    until(guest, "test -e /run/byhand")
    guest.picture(RUN / "shell.png")
    journal = guest.ask("journalctl -b -t diemcau-stick -o cat --no-pager")
    assert "support: Nguyễn Văn A may work here for 2.0 h" in journal
    until(guest, "grep -q done /run/diemcau/stick.json")
    until(guest, "! findmnt /run/diemcau-stick")
    pull(guest, granted)
    until(guest, f"! systemctl -q is-active {UNIT}")
    until(guest, "grep -qx tty1 /sys/class/tty/tty0/active")
    assert guest.ask("systemctl --failed --no-legend") == ""
    plug(guest, granted)
    until(guest, "grep -q refused /run/diemcau/stick.json")
    assert "was used already" in told(guest)
    guest.ask(f"systemctl start {UNIT}")
    assert guest.ask(f"systemctl is-active {UNIT}") == "inactive"
    pull(guest, granted)
    assert hashlib.sha256(granted.read_bytes()).digest() == before


def test_a_release_is_installed_and_started_while_no_meeting_is_near(guest: Machine) -> None:
    """The slot is a header alone: RAUC installs it, the restart tries it, U-Boot passes it by."""
    small = only_header(slot_with(RUN / "next.img", NEXT))
    plug(guest, stick("release", bundle(RUN / "next.raucb", small, NEXT)))
    guest.wait_for("diemcau: slot B cannot be booted")
    guest.cut()
