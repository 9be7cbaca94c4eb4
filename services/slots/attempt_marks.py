"""What an attempt leaves on the data partition, and the count of starts that missed the slot check.

The initramfs (``image/recipe/init``) writes both; what runs later takes them away.
"""

from contextlib import suppress
from pathlib import Path

from services.slots.state import MAX_ATTEMPTS, SLOTS

MAX_FAILED_STARTS = MAX_ATTEMPTS * len(SLOTS)
"""Starts in a row that may miss the slot check: all attempts of both slots. The next one is in
rescue."""
STARTS_FILE = "boot/starts"
"""Below the data partition: one byte a start."""
RESCUE_FOLDER = "/run/diemcau-rescue"
RESCUE_FLAG = "starts"
"""In that folder: how many starts; where this file is, the box is in rescue."""
BACKGROUND = "screen.env"
"""Beside it: which picture the compositor's unit has behind the endpoint."""
REACHED_FILE = "boot/reached-{}"
"""Below the data partition, {} the slot's letter: the root hash of the release that has mounted it
and is not yet known to be good."""


def failed_starts(folder: Path) -> int:
    """How many starts in a row missed the slot check; 0 where the box is not in rescue."""
    try:
        return int((folder / RESCUE_FLAG).read_text())
    except (OSError, ValueError):
        return 0


def leave_rescue(folder: Path, data: Path) -> None:
    """The slot is good: the count begins anew, and the next background is the plain one.

    Raises `OSError` where the data partition takes nothing.
    """
    for left in (folder / RESCUE_FLAG, folder / BACKGROUND):
        with suppress(OSError):
            left.unlink(missing_ok=True)
    forget_failed_starts(data)


def forget_failed_starts(data: Path) -> None:
    """Begin the count of starts anew. Raises `OSError`."""
    (data / STARTS_FILE).unlink(missing_ok=True)


def reached_data(data: Path, slot: str, digest: bytes) -> bool:
    """Whether the release with root hash `digest` has mounted the data partition from `slot`.

    Not once it was marked good: then the mark is gone.
    """
    try:
        return (data / REACHED_FILE.format(slot)).read_text().strip() == digest.hex()
    except OSError:
        return False


def is_marked(data: Path, slot: str) -> bool:
    """Whether an attempt in `slot` has left its mark."""
    return (data / REACHED_FILE.format(slot)).exists()


def forget_mark(data: Path, slot: str) -> None:
    """`slot` is good: its mark goes. Raises `OSError`."""
    (data / REACHED_FILE.format(slot)).unlink(missing_ok=True)
