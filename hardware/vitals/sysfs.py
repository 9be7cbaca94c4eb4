"""Reads one attribute of sysfs or procfs: a word, a number, or None where there is none."""

from pathlib import Path


def word(path: Path) -> str | None:
    """The attribute without its newline. None: not there, not ours, or the driver refuses (EIO,
    EINVAL, ENODATA), which all mean that nothing is known."""
    try:
        return path.read_bytes().decode(errors="replace").strip("\0 \n\t")
    except OSError:
        return None


def whole(path: Path) -> int | None:
    """The attribute as a whole number, decimal or ``0x``."""
    text = word(path)
    try:
        return None if text is None else int(text, 0)
    except ValueError:
        return None


def entries(folder: Path) -> list[Path]:
    """What is in a folder, in the order of names; none where there is no folder."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
