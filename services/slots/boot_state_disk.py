"""The boot state on a real disk: read, and changed without ever losing the copy in force."""

import os
from dataclasses import replace
from pathlib import Path

from services.slots.state import COPY_OFFSETS, SECTOR_BYTES, BootState, newest

DISK = "/dev/diemcau/disk"
"""The whole card, as udev calls it."""


def read_state(disk: Path) -> BootState:
    """The state in force. Raises `OSError` where the disk cannot be read."""
    return newest(_copies(disk))[0]


def write_state(disk: Path, state: BootState) -> None:
    """Put `state` in force: the older copy is overwritten and synced; nothing where it is so.

    Raises `OSError` where the disk refuses.
    """
    present, older = newest(_copies(disk))
    if replace(state, seq=0) == replace(present, seq=0) and present.seq:
        return
    with disk.open("r+b", buffering=0) as file:
        file.seek(COPY_OFFSETS[older])
        file.write(bytes(replace(state, seq=present.seq + 1)))
        os.fsync(file.fileno())


def _copies(disk: Path) -> tuple[bytes, bytes]:
    with disk.open("rb", buffering=0) as file:
        found = []
        for offset in COPY_OFFSETS:
            file.seek(offset)
            found.append(file.read(SECTOR_BYTES))
    return found[0], found[1]
