"""Reads and writes the second copy on a real disk, and gathers its content from /data."""

import os
from collections.abc import Mapping
from pathlib import Path

from services.provisioning.disk import find_in_force
from services.provisioning.second_copy import (
    MAX_COPY_BYTES,
    MEMBERS,
    SECOND_COPY_OFFSETS,
    SecondCopy,
    encode,
    newest,
    to_keep,
)


def gather(data: Path) -> Mapping[str, bytes] | None:
    """All members that are there; None where no settings are in force: there is nothing to keep.

    Raises `OSError` where one of them cannot be read: the rest would be less than the last copy.
    """
    if find_in_force(data) is None:
        return None
    found = {}
    for name in MEMBERS:
        try:
            with (data / name).open("rb") as file:
                # One byte more than there is room for is enough to be refused.
                found[name] = file.read(MAX_COPY_BYTES + 1)
        except FileNotFoundError:
            continue
    return found


def read(disk: Path) -> SecondCopy | None:
    """The newest whole copy, or None. Raises `OSError` where the disk cannot be read."""
    return newest(_blocks(disk))[0]


def write(disk: Path, found: Mapping[str, bytes]) -> bool:
    """Keep `found`: the older copy is overwritten and synced. False where nothing was to be done.

    Raises `TooLargeError` before anything is written, `OSError` where the disk refuses.
    """
    last, older = newest(_blocks(disk))
    members = to_keep(found, last)
    if last is not None and members == last.members:
        return False
    block = encode(SecondCopy(members, last.seq + 1 if last else 1))
    with disk.open("r+b") as file:
        file.seek(SECOND_COPY_OFFSETS[older])
        file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return True


def _blocks(disk: Path) -> tuple[bytes, bytes]:
    with disk.open("rb") as file:
        found = []
        for place in SECOND_COPY_OFFSETS:
            file.seek(place)
            found.append(file.read(MAX_COPY_BYTES))
    return found[0], found[1]
