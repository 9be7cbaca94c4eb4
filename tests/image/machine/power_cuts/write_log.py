"""All that a guest has written to its card, in order: QEMU's ``blklogwrites``, and its replay.

The log is the kernel's of dm-log-writes (admin-guide/device-mapper/log-writes.rst): a super block,
then for each write one sector that describes it and its data.
"""

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SECTOR = 512
MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4
_SUPER = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
ROOM = 4 * 2**30
"""Of a log: sparse, and more than any of our runs writes."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of the guest: what, and where on the card, in bytes; `zeros` for a discard."""

    offset: int
    size: int
    at: int
    """Where its data begins in the log, in bytes."""
    flags: int

    def touches(self, begin: int, end: int) -> bool:
        """Whether it writes into the card's bytes from `begin` up to `end`."""
        return self.size > 0 and self.offset < end and begin < self.offset + self.size


def blockdevs(card: str, log: str) -> tuple[str, ...]:
    """QEMU's words for a disk named ``card`` whose writes are logged into what `empty` made."""
    return (
        *("-blockdev", f"driver=file,filename={card},node-name=card-file"),
        *("-blockdev", "driver=raw,file=card-file,node-name=card-raw"),
        *("-blockdev", f"driver=file,filename={log},node-name=log-file"),
        *("-blockdev", "driver=raw,file=log-file,node-name=log-raw"),
        *("-blockdev", "driver=blklogwrites,file=card-raw,log=log-raw,node-name=card"),
    )


def empty(log: Path) -> Path:
    """A log with room."""
    with log.open("wb") as file:
        file.truncate(ROOM)
    return log


def writes(log: Path) -> Iterator[Write]:
    """Every write that the super block counts. Raises `ValueError` where this is no such log."""
    with log.open("rb") as file:
        magic, version, entries, sector = _SUPER.unpack(file.read(_SUPER.size))
        if (magic, version, sector) != (MAGIC, 1, SECTOR):
            raise ValueError(f"{log.name}: no log of writes, or another form of one")
        at = SECTOR
        for _ in range(entries):
            file.seek(at)
            first, sectors, flags, _ = _ENTRY.unpack(file.read(_ENTRY.size))
            at += SECTOR
            yield Write(first * SECTOR, sectors * SECTOR, at, flags)
            if not flags & DISCARD:
                at += sectors * SECTOR


class Replay:
    """The card as it was after so many writes, and as a power cut may have left it."""

    def __init__(self, log: Path, disk: Path) -> None:
        self._log = log.open("rb")
        self._disk = disk.open("r+b", buffering=0)
        self._loose: list[tuple[Write, bytes]] = []
        """Since the last flush: each with what it has overwritten."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()
        self._disk.close()

    def do(self, write: Write) -> None:
        """The next write of the log."""
        if write.flags & FLUSH:
            self._loose.clear()
        if not write.size:
            return
        before = self._read(write.offset, write.size)
        self._put(write)
        if not write.flags & FUA:
            self._loose.append((write, before))

    def loose(self) -> Iterator[Write]:
        """The writes since the last flush."""
        return (write for write, _ in self._loose)

    @contextmanager
    def without_some(self, chance: random.Random) -> Iterator[int]:
        """As a card may lose them: of the writes since the last flush each is there or not, by
        chance. Gives how many are not; afterwards all are there again."""
        lost = [chance.random() < 0.5 for _ in self._loose]
        for write, before in reversed(self._loose):
            self._write(write.offset, before)
        for (write, _), gone in zip(self._loose, lost, strict=True):
            if not gone:
                self._put(write)
        yield sum(lost)
        for write, _ in self._loose:
            self._put(write)

    def _put(self, write: Write) -> None:
        if write.flags & DISCARD:
            content = bytes(write.size)
        else:
            self._log.seek(write.at)
            content = self._log.read(write.size)
        self._write(write.offset, content)

    def _read(self, offset: int, size: int) -> bytes:
        self._disk.seek(offset)
        return self._disk.read(size)

    def _write(self, offset: int, content: bytes) -> None:
        self._disk.seek(offset)
        self._disk.write(content)
