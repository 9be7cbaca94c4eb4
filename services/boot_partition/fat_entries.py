"""Entries of a FAT folder, 32 bytes each, and those of its long names (fatgen103, 6 and 7)."""

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

ENTRY_BYTES = 32
DELETED = 0xE5
FOLDER = 0x10
ARCHIVE = 0x20
_VOLUME = 0x08
_LONG = 0x0F
_LAST_LONG = 0x40
_LOWER = 0x18
"""The name is shown in lower case; it is kept in capitals, as it has to be."""
_SHORT = re.compile(r"[a-z0-9_-]{1,8}(?:\.[a-z0-9_-]{1,3})?")
_LONG_PIECES = ((1, 11), (14, 26), (28, 32))
_EARLIEST_YEAR, _LATEST_YEAR = 1980, 2107


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder."""

    name: str
    """The long name where there is one, else the short one; in lower case."""
    place: int
    """Where its 32 bytes lie, in bytes from the partition's beginning."""
    first: int
    """Its first cluster; 0 for an empty file."""
    size: int
    """Of a file, in bytes."""
    folder: bool


Slots = Iterable[tuple[int, bytes]]
"""The places of a folder's entries and their 32 bytes, in order."""


def entries(slots: Slots) -> Iterator[Entry]:
    """What is in a folder, without itself, its parent and the volume's name."""
    long: list[bytes] = []
    for place, slot in slots:
        if slot[0] == 0:
            return
        attributes = slot[11]
        if slot[0] == DELETED:
            long = []
        elif attributes & 0x3F == _LONG:
            long = [slot] if slot[0] & _LAST_LONG else [*long, slot]
        elif attributes & _VOLUME or slot[0] == ord("."):
            long = []
        else:
            high, low, size = (
                *struct.unpack_from("<H", slot, 20),
                *struct.unpack_from("<HI", slot, 26),
            )
            name = _long_name(long, slot[:11]) or _short_name(slot[:11])
            yield Entry(
                name.lower(), place, high << 16 | low, size, folder=bool(attributes & FOLDER)
            )
            long = []


def new_entries(
    name: str, first: int, size: int, now: float, taken: Sequence[bytes] = (), *, folder: bool
) -> list[bytes]:
    """The entries of a new file: one for a name of the form 8.3, else those of the long name first.

    `taken` are the folder's short names. `name` is ours: lower case, ASCII.
    """
    attributes = FOLDER if folder else ARCHIVE
    if _SHORT.fullmatch(name):
        base, _, extension = name.upper().partition(".")
        short = f"{base:<8}{extension:<3}".encode()
        return [_entry(short, attributes, _LOWER, first, size, now)]
    short = _short_for(name, taken)
    pieces = [name[at : at + 13] for at in range(0, len(name), 13)]
    long = [
        _long_entry(number, piece, short, last=number == len(pieces))
        for number, piece in enumerate(pieces, 1)
    ]
    return [*reversed(long), _entry(short, attributes, 0, first, size, now)]


def own_and_parent(first: int, now: float) -> list[bytes]:
    """The first two entries of a new folder below the root folder."""
    return [
        _entry(b".".ljust(11), FOLDER, 0, first, 0, now),
        # 0 stands for the root folder, whatever its cluster is.
        _entry(b"..".ljust(11), FOLDER, 0, 0, 0, now),
    ]


def with_content(slot: bytes, first: int, size: int, now: float) -> bytes:
    """The same entry with other content."""
    changed = bytearray(slot)
    time, date = _stamp(now)
    struct.pack_into("<HHHHI", changed, 20, first >> 16, time, date, first & 0xFFFF, size)
    return bytes(changed)


def _entry(short: bytes, attributes: int, case: int, first: int, size: int, now: float) -> bytes:
    time, date = _stamp(now)
    # Name, Attr, NTRes, CrtTimeTenth, CrtTime, CrtDate, LstAccDate, FstClusHI, Wrt…, FstClusLO
    return struct.pack(
        "<11sBBBHHHHHHHI", short, attributes, case, 0, time, date, date, first >> 16, time, date,
        first & 0xFFFF, size,
    )  # fmt: skip


def _long_entry(number: int, piece: str, short: bytes, *, last: bool) -> bytes:
    units = piece.encode("utf-16-le")
    if len(piece) < 13:
        units = (units + b"\0\0").ljust(26, b"\xff")
    slot = bytearray(ENTRY_BYTES)
    slot[0] = number | (_LAST_LONG if last else 0)
    slot[11] = _LONG
    slot[13] = _checksum(short)
    at = 0
    for begin, end in _LONG_PIECES:
        slot[begin:end] = units[at : at + end - begin]
        at += end - begin
    return bytes(slot)


def _long_name(long: Sequence[bytes], short: bytes) -> str:
    """ "" where they are not all there, or belong to a file that is gone."""
    numbers = [slot[0] & ~_LAST_LONG for slot in long]
    if numbers != list(range(len(long), 0, -1)) or any(s[13] != _checksum(short) for s in long):
        return ""
    units = b"".join(slot[b:e] for slot in reversed(long) for b, e in _LONG_PIECES)
    return units.decode("utf-16-le", errors="replace").partition("\0")[0]


def _short_name(short: bytes) -> str:
    base, extension = short[:8].rstrip().decode("cp437"), short[8:].rstrip().decode("cp437")
    return f"{base}.{extension}" if extension else base


def _short_for(name: str, taken: Sequence[bytes]) -> bytes:
    base, _, extension = name.upper().rpartition(".")
    letters = re.sub(r"[^A-Z0-9_-]", "", base)
    for number in range(1, 10_000):
        tail = f"~{number}"
        short = f"{letters[: 8 - len(tail)] + tail:<8}{extension[:3]:<3}".encode()
        if short not in taken:
            return short
    raise ValueError(f"no short name is left for {name}")


def _checksum(short: bytes) -> int:
    total = 0
    for byte in short:
        total = ((total & 1) << 7 | total >> 1) + byte & 0xFF
    return total


def _stamp(now: float) -> tuple[int, int]:
    """Time and date; a box without a clock has the earliest that there is."""
    moment = datetime.fromtimestamp(max(now, 0.0), UTC)
    year = min(max(moment.year, _EARLIEST_YEAR), _LATEST_YEAR)
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return time, (year - _EARLIEST_YEAR) << 9 | moment.month << 5 | moment.day
