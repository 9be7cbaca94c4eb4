"""Writes ``BRINGUP.txt`` onto the card's FAT partition, mounted for that alone.

A power cut leaves the former file: the new one is whole on the card before it gets the name.
"""

import os
import subprocess
from pathlib import Path

NAME = "BRINGUP.txt"
UNFINISHED = "BRINGUP.NEW"
DEADLINE_S = 60.0
"""A card that erases a block for longer than this is told as a card that takes nothing."""
OPTIONS = "rw,nosuid,nodev,noexec,umask=0077,flush,errors=remount-ro"
"""Those of ``image/units/boot.mount``: two mounts of one partition are one to the kernel."""


class CardError(Exception):
    """The card took no file; says why."""


def write_on_card(content: bytes, device: Path, place: Path) -> None:
    """Mount `device` at `place`, write, unmount. Raises `CardError`."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CardError(f"{place}: {error.strerror}") from error
    _run("mount", "-t", "vfat", "-o", OPTIONS, str(device), str(place))
    try:
        write_in(content, place)
    finally:
        _run("umount", str(place))


def write_in(content: bytes, folder: Path) -> None:
    """Replace the file in `folder`. Raises `CardError`."""
    unfinished = folder / UNFINISHED
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / NAME)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise CardError(f"{folder / NAME}: {error.strerror}") from error


def _run(*words: str) -> None:
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CardError(f"{words[0]}: {error}") from error
    if done.returncode:
        raise CardError(f"{words[0]}: {done.stderr.strip()[:200]}")
