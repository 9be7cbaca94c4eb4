"""The operations of first boot on a disk, as values; a power cut leaves one whole or in part.

A path begins with ``boot/`` (the FAT partition that a PC reads) or ``data/`` (ext4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto


class Access(Enum):
    """Who may read a file that is written to ``data/``."""

    GROUP = auto()
    """root's, and read by the programs: settings and secrets."""
    OWN = auto()
    """The programs' own, and read by nobody else: key and certificate."""
    ALL = auto()
    """root's, and read by everybody."""


@dataclass(frozen=True, slots=True)
class RemoveTree:
    """Remove a folder and all in it; nothing where there is none."""

    path: str


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Write a new file, make its folders, and sync; cut short it has any prefix of the content."""

    path: str
    content: bytes
    access: Access = Access.GROUP


@dataclass(frozen=True, slots=True)
class PointTo:
    """Make `path` a symbolic link to `target`, by rename: there is the old one or the new one."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace a file by rename. Not atomic on FAT: only for what may be lost."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Overwrite:
    """Overwrite a file in its place, so that the old bytes are nowhere left on the card.

    The content is as long as the file was; cut short, any of its sectors may be old or new.
    """

    path: str
    content: bytes


DiskOp = RemoveTree | WriteFile | PointTo | Replace | Overwrite
DiskOps = Sequence[DiskOp]
