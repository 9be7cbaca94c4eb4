"""The few things that first boot does to a disk, as values: each whole and synced, or in part.

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
    """Away with a folder and all in it; no fault where there is none."""

    path: str


@dataclass(frozen=True, slots=True)
class WriteFile:
    """A new file with its folders, synced; cut short it may hold any beginning of its content."""

    path: str
    content: bytes
    access: Access = Access.GROUP


@dataclass(frozen=True, slots=True)
class PointTo:
    """A symbolic link `path` to `target`, by rename: the old one or the new one, never none."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Replace:
    """A file by temporary file and rename. Not atomic on FAT: only for what may be lost."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Overwrite:
    """The bytes of a file in their place, so that the old ones are nowhere left on the card.

    As long as the file was; cut short, any of its sectors may be old or new.
    """

    path: str
    content: bytes


Operation = RemoveTree | WriteFile | PointTo | Replace | Overwrite
Operations = Sequence[Operation]
