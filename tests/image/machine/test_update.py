"""An update by file, the slot marked good, and updates that must not stay."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.machine.guest.bundles import (
    SLOT_B,
    bundle,
    header,
    only_header,
    put_into_b,
    slot_with,
    spoil,
)
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of, in_tools
from tests.image.machine.guest.questions import SITE, drop_in, prepare, with_data
from tests.image.machine.guest.restarts import NEXT, NO_PORT, OLDER, restart, settled

RUN = BUILD / "update"

pytestmark = pytest.mark.timeout(4 * PATIENCE)


@pytest.fixture(scope="module")
def card() -> Path:
    """A card with a site file, and a stick with bundles beside it."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    stick = RUN / "stick"
    stick.mkdir()
    bundle(stick / "good.raucb", slot_with(RUN / "next.img", NEXT), NEXT)
    small = RUN / "small.img"
    small.write_bytes(random.Random(1).randbytes(64 * 4096))
    other = only_header(slot_with(RUN / "other.img", NEXT))
    bundle(stick / "wrong-board.raucb", other, NEXT, compatible="another-board")
    in_tools("image/recipe/keys", "development", str((RUN / "strangers").relative_to(ROOT)))
    bundle(stick / "wrong-signer.raucb", small, NEXT, keys=RUN / "strangers")
    bundle(stick / "no-slot.raucb", small, NEXT)
    bundle(stick / "older.raucb", only_header(slot_with(RUN / "older.img", OLDER)), OLDER)
    flipped = bytearray((stick / "wrong-board.raucb").read_bytes())
    flipped[-100] ^= 1
    (stick / "flipped.raucb").write_bytes(flipped)
    here = RUN.relative_to(ROOT)
    in_tools("mke2fs", "-q", "-t", "ext4", "-d", f"{here}/stick", f"{here}/stick.img", "640M")
    with_data(card)
    prepare(card, SITE.format(port=NO_PORT))
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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wrong-signer", "signature"),
        ("flipped", "signature"),
        ("wrong-board", "compatible"),
        ("older", f"{OLDER} is older than"),
        ("no-slot", "no slot of this kind of box"),
    ],
)
def test_a_bundle_that_is_not_for_us_is_refused(guest: Machine, name: str, reason: str) -> None:
    said = guest.ask(f"diemcau update /run/stick/{name}.raucb; echo code $?")
    assert "code 1" in said
    told = guest.ask("diemcau slots show")
    assert told.startswith("order A B; attempts left: A 3, B 0")
    assert f"refused /run/stick/{name}.raucb: " in told
    assert reason in told.split("refused", 1)[1].lower().replace(OLDER.lower(), OLDER), told


def test_an_update_by_file_runs_in_the_other_slot_and_is_marked_good(guest: Machine) -> None:
    said = guest.ask("diemcau update /run/stick/good.raucb; echo code $?")
    assert "code 0" in said, said
    assert guest.ask("diemcau slots show").startswith("order B A; attempts left: A 3, B 3")
    restart(guest, "B")
    told = guest.ask("diemcau slots show").splitlines()
    assert told[0].startswith("order B A; attempts left: A 3, B 3")
    assert f"B {NEXT} good" in told
    assert not [line for line in told if line.startswith("refused")]


def test_and_back(guest: Machine) -> None:
    guest.ask("rauc status mark-active other")
    restart(guest, "A")
    assert guest.ask("diemcau slots show").startswith("order A B; attempts left: A 3, B 3")
    guest.cut()


def shortened_gate() -> str:
    """Kernel words that give the gate forty seconds instead of ten minutes."""
    text = "[Service]\nExecStart=\nExecStart=/usr/bin/diemcau confirm --within 40\n"
    return drop_in("diemcau-confirm", text)


REASONS = {
    "kernel": "kernel is damaged",
    "root": "root is damaged: block 0 of",
    "panic": "its kernel panicked or hung",
    "endpoint": "the gate was not passed: endpoint",
}


@pytest.mark.parametrize("fault", REASONS)
def test_a_release_that_does_not_get_there_ends_in_the_old_slot(
    guest: Machine, card: Path, fault: str
) -> None:
    """After those above: each cuts the power, and what RAUC would have written stands in slot B."""
    guest.cut()
    version = f"0.2.{list(REASONS).index(fault)}+209901010000"
    words = {
        "panic": "rdinit=/none",
        "endpoint": f"systemd.mask=diemcau-endpoint.service {shortened_gate()}",
    }
    slot = slot_with(RUN / "bad.img", version, words.get(fault, ""))
    put_into_b(card, slot)
    values = header(slot)
    if fault == "kernel":
        spoil(card, SLOT_B + int(values["kernel_sector"], 16) * 512)
    if fault == "root":
        spoil(card, SLOT_B + int(values["root_args"].split("=")[1].split(",")[0]) * 512)
    with Machine(card) as machine:
        machine.wait_for("diemcau: slot A version")
        tried = (
            "diemcau: slot B cannot be booted" if fault == "kernel" else f"slot B version {version}"
        )
        assert machine.said().count(tried) == 3
        settled(machine)
        assert "rauc.slot=A" in machine.ask("cat /proc/cmdline")
        told = machine.ask("diemcau slots show")
        assert told.startswith("order B A; attempts left: A 3, B 0")
        assert f"B {version} failed: " in told
        assert REASONS[fault] in told
        assert REASONS[fault] in machine.ask("cat /run/diemcau/updater.json")
