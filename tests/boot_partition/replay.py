"""The long form: the boot files of the built image, renewed on its own card, cut at every write.

Run as ``python -m tests.boot_partition.replay [SUBSETS [SEED]]`` after `make image`. A card as it
is flashed, one from before there were sets, and one whose set b is in force.
"""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from services.boot_partition.boot_set import FLASHED_SCRIPT, RECORD, BootSet, read_boot_set
from tests.boot_partition.cards import NEW, NEWEST, change, fsck, renewed
from tests.boot_partition.cuts import Cuts

BUILD = Path(__file__).parents[2] / "build/image"
BEGIN, SIZE = 4 * 2**20, 64 * 2**20
"""Of the boot partition on the image, in bytes."""
BOARDS = ("pi3", "pi4")
PAGE = 4096
"""What the kernel writes at once at least; a card takes it sector by sector."""


def later(content: BootSet, release: str) -> BootSet:
    """The same boot files, each a few bytes longer: no byte more is needed to tell them apart."""
    tail = release.encode()
    return replace(
        content,
        release=release,
        config=content.config + b"# " + tail + b"\n",
        firmware={name: one + tail for name, one in content.firmware.items()},
        system={name: one + tail for name, one in content.system.items()},
    )


def before_sets(image: Path, script: bytes) -> None:
    """A flashed card becomes one from before there were sets: its script is what U-Boot finds."""
    change(image, {"boot.scr": script}, (FLASHED_SCRIPT, RECORD))


def main(subsets: int = 3, seed: int = 1) -> int:
    """Cut, tell; 1 where anything was found."""
    folder = BUILD / "boot-replay"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ours = read_boot_set(BUILD / "root/usr/lib/diemcau/boot", "0.1.0+202601010000")
    as_flashed = folder / "flashed.img"
    with (BUILD / "diemcau-rpi.img").open("rb") as disk:
        disk.seek(BEGIN)
        as_flashed.write_bytes(disk.read(SIZE))
    old = folder / "before-sets.img"
    shutil.copy(as_flashed, old)
    before_sets(old, ours.system["boot.scr"])
    set_b = folder / "set-b.img"
    shutil.copy(as_flashed, set_b)
    letters = [renewed(set_b, later(ours, one)).letter for one in (NEW, NEWEST)]
    assert letters == ["a", "b"], letters
    found = 0
    for image in (as_flashed, old, set_b):
        assert fsck(image) == ""
        wanted = later(ours, "1.0.0+202801010000")
        cuts = Cuts(image, wanted, BOARDS, subsets=subsets, unit=PAGE, seed=seed, heal_every=200)
        faults = cuts.run()
        found += len(faults)
        for fault in faults:
            sys.stdout.write(f"{image.stem}: {fault}\n")
        sys.stdout.write(
            f"{image.stem}: {cuts.cuts} power cuts, after {cuts.new} of them the new set started,"
            f" {cuts.healed} were renewed again: {len(faults)} faults\n"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
