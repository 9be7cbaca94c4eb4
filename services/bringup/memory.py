"""Keeps what was seen on the data partition, so that a restart or a pulled plug goes on with it."""

import logging
from pathlib import Path

import msgspec

from appliance.base.atomic_file import write_atomically
from services.bringup.seen import Seen

log = logging.getLogger("diemcau.bringup")

FILE = "seen.json"
MAX_BYTES = 256 * 1024


def read(folder: Path) -> Seen:
    """What was kept in `folder`; a new card's where nothing is, or nothing that can be read."""
    path = folder / FILE
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_BYTES), type=Seen)
    except FileNotFoundError:
        return Seen()
    except (OSError, msgspec.DecodeError) as error:
        log.warning("%s is not used, all begins anew: %s", path, error)
        return Seen()


def write(folder: Path, seen: Seen) -> str:
    """Keep `seen` in `folder`; why it could not be kept, "" where it was."""
    try:
        write_atomically(folder / FILE, msgspec.json.encode(seen))
    except OSError as error:
        return f"{folder / FILE}: {error.strerror}"
    return ""
