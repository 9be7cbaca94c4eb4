"""A power cut after every sector of a renewal, in order and with what was not flushed lost.

Each card that is left is read as the boot loaders of each board read it: all that they take is
whole and of one set, the old or the new, and people's own files are as they were.
"""

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from services.boot_partition.boot_set import BootSet
from services.boot_partition.renewal import BootState
from tests.boot_partition.boot_loaders import NoStartError, Started, people_s, start
from tests.boot_partition.cards import fsck, renewed
from tests.image.machine.power_cuts.write_log import FLUSH, SECTOR, Replay, writes

OWN = ("site.toml", "RESULT.txt", "bootcode.bin", "start.elf", "fixup.dat", "uboot.env")
"""What no renewal touches."""


@dataclass(slots=True)
class Cuts:
    """One renewal of the card `image` to `wanted`, cut everywhere; works in its folder."""

    image: Path
    wanted: BootSet
    boards: tuple[str, ...] = ("pi3", "pi4", "pi5")
    subsets: int = 2
    """How many cuts after a write lose a chance part of what was not flushed."""
    heal_every: int = 40
    """After so many cuts the box looks again, which has to end in the new set."""
    unit: int = SECTOR
    """Bytes that a write has at most: any number of them may be lost, each whole."""
    seed: int = 1
    flushed: bool = True
    """Else the card lies: what was flushed may be lost, too."""
    cuts: int = 0
    healed: int = 0
    new: int = 0
    """After how many the new set started."""
    _own: dict[str, bytes | None] = field(default_factory=dict)

    def run(self) -> list[str]:
        """Every fault, with the write after which it was found."""
        image = self.image
        replayed = image.with_suffix(".replayed")
        shutil.copy(image, replayed)
        self._own = {name: people_s(image, name) for name in OWN}
        old = {board: start(image, board, self.wanted.dispatcher) for board in self.boards}
        log = image.with_suffix(".log")
        done = renewed(image, self.wanted, log, unit=self.unit)
        assert done.state is BootState.RENEWED, done
        new = {board: start(image, board, self.wanted.dispatcher) for board in self.boards}
        assert all(new[board].prefix and new[board] != old[board] for board in self.boards)
        faults = [] if not (said := fsck(image)) else [said]
        chance = random.Random(self.seed)
        with Replay(log, replayed) as replay:
            for number, write in enumerate(writes(log)):
                if write.flags & FLUSH:
                    if self.flushed:
                        replay.do(write)
                    continue
                replay.do(write)
                faults += self._look(replayed, old, new, f"write {number}, in order")
                for _ in range(self.subsets):
                    with replay.without_some(chance):
                        faults += self._look(replayed, old, new, f"write {number}, some lost")
        assert replayed.read_bytes() == image.read_bytes()
        return faults

    def _look(
        self, image: Path, old: dict[str, Started], new: dict[str, Started], when: str
    ) -> list[str]:
        self.cuts += 1
        faults = []
        try:
            found = {board: start(image, board, self.wanted.dispatcher) for board in self.boards}
        except NoStartError as error:
            return [f"{when}: {error}"]
        faults += [
            f"{when}: {board} starts with a mixture, {one.prefix!r}"
            for board, one in found.items()
            if one not in (old[board], new[board])
        ]
        self.new += found == new
        faults += [
            f"{when}: {name} is not what it was"
            for name in OWN
            if people_s(image, name) != self._own[name]
        ]
        if self.cuts % self.heal_every == 0:
            self.healed += 1
            faults += [f"{when}: {fault}" for fault in self._heal(image, new)]
        return faults

    def _heal(self, image: Path, new: dict[str, Started]) -> list[str]:
        after = self.image.with_suffix(".healed")
        shutil.copy(image, after)
        done = renewed(after, self.wanted)
        if done.state not in (BootState.RENEWED, BootState.CURRENT):
            return [f"the next look says {done}"]
        # The letter may be the other one, where the new set was in force already.
        same = all(
            start(after, board, self.wanted.dispatcher) == new[board] for board in self.boards
        )
        said = fsck(after)
        return ([] if same else ["the next look does not bring the new set"]) + (
            [said] * bool(said)
        )
