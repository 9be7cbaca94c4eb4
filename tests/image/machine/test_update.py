"""An update by file, the slot marked good, and updates that must not stay."""

import random
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.machine.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of, in_tools
from tests.image.machine.questions import prepare

RUN = BUILD / "update"
SLOT_B = (4 + 64 + 640) * 2**20
NEXT = "0.1.1+test"

pytestmark = pytest.mark.timeout(4 * PATIENCE)


def header(slot: Path) -> dict[str, str]:
    """The values of a slot's header."""
    with slot.open("rb") as file:
        entries = file.read(4096)[4:].rstrip(b"\0").split(b"\0")
    return dict(entry.decode().split("=", 1) for entry in entries)


def with_version(slot: Path, version: str) -> None:
    """The same slot under another version."""
    values = header(slot) | {"version": version}
    body = b"".join(f"{key}={value}\0".encode() for key, value in values.items())
    padded = body.ljust(4092, b"\0")
    with slot.open("r+b") as file:
        file.write(struct.pack("<I", zlib.crc32(padded)) + padded)


def bundle(
    out: Path, slot: Path, compatible: str = "diemcau-arm64", keys: Path | None = None
) -> None:
    words = [str(slot.relative_to(ROOT)), NEXT, str(out.relative_to(ROOT)), compatible]
    folder = str((keys or BUILD / "keys").relative_to(ROOT))
    done = subprocess.run(
        [ROOT / "image/bundle", *words], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=PATIENCE, env={"KEYS": folder, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def card() -> Path:
    """A card without a site file, and a stick with four bundles beside it."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    stick = RUN / "stick"
    stick.mkdir()
    slot = RUN / "next.img"
    shutil.copy(BUILD / "slot.img", slot)
    with_version(slot, NEXT)
    bundle(stick / "good.raucb", slot)
    small = RUN / "small.img"
    small.write_bytes(random.Random(1).randbytes(64 * 4096))
    bundle(stick / "wrong-board.raucb", small, compatible="another-board")
    in_tools("image/recipe/keys", str((RUN / "strangers").relative_to(ROOT)))
    bundle(stick / "wrong-signer.raucb", small, keys=RUN / "strangers")
    flipped = bytearray((stick / "wrong-board.raucb").read_bytes())
    flipped[8192] ^= 1
    (stick / "flipped.raucb").write_bytes(flipped)
    here = RUN.relative_to(ROOT)
    in_tools("mke2fs", "-q", "-t", "ext4", "-d", f"{here}/stick", f"{here}/stick.img", "400M")
    prepare(card, None)
    return card


def with_stick(card: Path) -> Machine:
    drive = f"if=none,id=stick,file={(RUN / 'stick.img').relative_to(ROOT)},format=raw,readonly=on"
    return Machine(card, "-drive", drive, "-device", "virtio-blk-pci,drive=stick")


@pytest.fixture(scope="module")
def guest(card: Path) -> Iterator[Machine]:
    with with_stick(card) as machine:
        settled(machine)
        machine.ask("mkdir -p /run/stick && mount -o ro /dev/vdb /run/stick")
        yield machine


def settled(machine: Machine) -> None:
    assert machine.ask("systemctl is-system-running --wait") == "running", machine.ask(
        "systemctl --failed --no-legend; journalctl -b -p warning -n 30 --no-pager"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [("wrong-signer", "signature"), ("wrong-board", "compatible"), ("flipped", "")],
)
def test_a_bundle_that_is_not_for_us_is_refused(guest: Machine, name: str, reason: str) -> None:
    said = guest.ask(f"rauc install /run/stick/{name}.raucb; echo code $?")
    assert "code 1" in said
    assert reason in said.lower()
    assert guest.ask("diemcau slots show").startswith("order A B; attempts left: A 3, B 0")


def test_an_update_by_file_runs_in_the_other_slot_and_is_marked_good(guest: Machine) -> None:
    said = guest.ask("rauc install /run/stick/good.raucb; echo code $?")
    assert "code 0" in said, said
    assert guest.ask("diemcau slots show").startswith("order B A; attempts left: A 3, B 3")
    guest.ask("systemd-run --on-active=2 systemctl reboot")
    guest.wait_for(f"diemcau: slot B version {NEXT}")
    settled(guest)
    assert "rauc.slot=B" in guest.ask("cat /proc/cmdline")
    assert guest.ask("diemcau slots show").startswith("order B A; attempts left: A 3, B 3")
    assert "good" in guest.ask("rauc status --detailed 2>&1 | grep -i 'boot status'")


def test_a_root_that_is_corrupt_ends_in_the_old_slot(guest: Machine, card: Path) -> None:
    """Last: it cuts the power, and slot B is spoilt while nobody looks."""
    guest.cut()
    place = int(header(BUILD / "slot.img")["root_args"].split("=")[1].split(",")[0]) * 512
    with card.open("r+b") as file:
        file.seek(SLOT_B + place)
        file.write(b"\xff" * 4096)
    with with_stick(card) as machine:
        machine.wait_for("diemcau: slot A version")
        assert machine.said().count(f"diemcau: slot B version {NEXT}") == 3
        settled(machine)
        assert "rauc.slot=A" in machine.ask("cat /proc/cmdline")
        assert machine.ask("diemcau slots show").startswith("order B A; attempts left: A 3, B 0")
