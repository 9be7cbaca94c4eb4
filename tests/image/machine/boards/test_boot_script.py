"""The boot script run by U-Boot itself on every torn write of its state, beside its twin."""

import itertools
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from services.slots.state import MAX_ATTEMPTS, SECTOR_BYTES, SLOTS, BootState, newest, parse
from tests.image.machine.guest.emulator import BUILD, ROOT, Emulator, Machine, in_tools
from tests.image.machine.guest.raspberry import RaspberryPi, fit

FIRST = 0x10000
"""Sector of the first sample; below it lies the FAT partition that U-Boot boots from."""
COUNT_DONE = "ALL SAMPLES DONE"


def samples() -> list[tuple[bytes, bytes]]:
    """Pairs of sectors: every state in either copy, every torn write of one, garbage."""
    found: list[tuple[bytes, bytes]] = []
    none = bytes(SECTOR_BYTES)
    for order in (SLOTS, SLOTS[::-1]):
        for left in itertools.product(range(MAX_ATTEMPTS + 1), range(MAX_ATTEMPTS + 1)):
            found.append((bytes(BootState(order, left, 9)), none))
            found.append((bytes(BootState(order, (1, 2), 9)), bytes(BootState(order, left, 16))))
            found.append(
                (bytes(BootState(order, left, 0x100)), bytes(BootState(order, (2, 1), 0xFF)))
            )
    before = BootState(("B", "A"), (3, 1), 16)
    for after, older in (
        (before.tried()[1], BootState(SLOTS, (1, 1), 15)),
        (before.with_attempts("B", 0), BootState(SLOTS, (3, 3), 15)),
    ):
        new = bytes(BootState(after.order, after.left, 17))
        for cut in range(SECTOR_BYTES + 1):
            torn = new[:cut] + bytes(older)[cut:]
            if parse(torn) is None or cut in (0, SECTOR_BYTES):
                found.append((bytes(before), torn) if cut % 2 else (torn, bytes(before)))
    found.extend([(none, none), (b"\xff" * SECTOR_BYTES, b"\xa5" * SECTOR_BYTES)])
    return found


HARNESS = f"""\
setexpr choose_at ${{scriptaddr}} + 0x20000
setexpr scratch ${{scriptaddr}} + 0x40000
load ${{devtype}} ${{devnum}}:${{distro_bootpart}} ${{choose_at}} choose.scr
setenv sample 0
setenv state_0 {FIRST:x}
while test 0x${{sample}} -lt 0xCOUNT; do
    setexpr state_1 ${{state_0}} + 1
    source ${{choose_at}}
    echo "SAMPLE ${{sample}} SLOT ${{slot}}"
    setexpr sample ${{sample}} + 1
    setexpr state_0 ${{state_0}} + 2
done
echo {COUNT_DONE}
"""


def _virt(disk: Path) -> Emulator:
    return Machine(disk, memory=256)


def _pi(disk: Path) -> Emulator:
    fit(disk)
    return RaspberryPi(disk)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("board", [_virt, _pi])
def test_u_boot_chooses_as_its_twin_and_leaves_a_state_that_starts(
    board: Callable[[Path], Emulator],
) -> None:
    """The two boards' U-Boots are built with different commands."""
    folder = BUILD / "boot-script"
    disk = _disk(folder, samples())
    with board(disk) as machine:
        machine.wait_for(COUNT_DONE)
    said = dict(re.findall(r"SAMPLE ([0-9a-f]+) SLOT ([AB]?)", machine.said()))
    content = disk.read_bytes()
    for number, copies in enumerate(samples()):
        before, older = newest(copies)
        slot, after = before.tried()
        assert said[f"{number:x}"] == slot, (number, before)
        place = (FIRST + 2 * number) * SECTOR_BYTES
        left = (
            content[place : place + SECTOR_BYTES],
            content[place + SECTOR_BYTES : place + 2 * SECTOR_BYTES],
        )
        found, _ = newest(left)
        assert (found.order, found.left, found.seq) == (after.order, after.left, before.seq + 1)
        assert left[1 - older] == copies[1 - older], "the newer copy was touched"


def _disk(folder: Path, pairs: list[tuple[bytes, bytes]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    here = folder.relative_to(ROOT)
    script = HARNESS.replace("0xCOUNT", f"0x{len(pairs):x}")
    (folder / "harness.cmd").write_text(script)
    (folder / "choose.cmd").write_text((ROOT / "image/boot/choose.cmd").read_text())
    for name, out in (("harness", "boot.scr"), ("choose", "choose.scr")):
        words = ("-A", "arm64", "-T", "script", "-C", "none", "-d", f"{here}/{name}.cmd")
        in_tools("mkimage", *words, f"{here}/{out}")
    fat = folder / "fat.img"
    fat.unlink(missing_ok=True)
    in_tools("mkfs.vfat", "-F", "16", "-C", f"{here}/fat.img", str(16 * 1024))
    in_tools("mcopy", "-i", f"{here}/fat.img", f"{here}/boot.scr", f"{here}/choose.scr", "::")
    disk = folder / "card.img"
    start, sectors = 2048, 16 * 2048
    table = struct.pack("<B3sB3sII", 0x80, b"\0" * 3, 0x0E, b"\0" * 3, start, sectors)
    content = bytearray((FIRST + 2 * len(pairs) + 8) * SECTOR_BYTES)
    content[446 : 446 + 16] = table
    content[510:512] = b"\x55\xaa"
    content[start * SECTOR_BYTES : (start + sectors) * SECTOR_BYTES] = fat.read_bytes()
    for number, pair in enumerate(pairs):
        place = (FIRST + 2 * number) * SECTOR_BYTES
        content[place : place + 2 * SECTOR_BYTES] = b"".join(pair)
    disk.write_bytes(content)
    return disk
