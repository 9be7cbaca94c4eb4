"""What runs here: its slot, and the release that the slot's header names."""

from pathlib import Path

from hardware.vitals.identity import slot
from services.slots.header import read_header
from services.slots.state import SLOTS

SLOT_FILES = "/dev/diemcau/slot-{}"
HERE = Path("/")


def running_slot(root: Path = HERE) -> str:
    """The letter of the slot that was booted; the first where the kernel was told of none."""
    return slot(root) or SLOTS[0]


def slot_file(files: str, letter: str) -> Path:
    """Where the slot `letter` is; `files` has {} in the place of the letter."""
    return Path(files.format(letter.lower()))


def release_in(file: Path) -> str:
    """The version in the header of a slot; "" where there is none. Raises `OSError`."""
    with file.open("rb") as image:
        header = read_header(image)
    return header.version if header else ""
