"""Writes a small file so that a power cut leaves the old one or the new one, never half of one."""

import os
import tempfile
from pathlib import Path


def write_atomically(
    path: Path,
    content: bytes,
    *,
    sync: bool = True,
    mode: int = 0o600,
    owner: int = -1,
    group: int = -1,
) -> None:
    """Replace `path` by `content`: temporary file, fsync, rename, fsync of the folder.

    `mode` is the file's own, whatever the umask; `owner` and `group` are numbers, -1 the writer's.
    It has them before it has its name, so that no power cut leaves it to nobody who can read it.
    ``sync=False`` leaves the two fsyncs out, for files in ``/run`` that no power cut survives.
    Raises `OSError` where the folder cannot be written; the old file is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            if (owner, group) != (-1, -1):  # to most programs the very call is forbidden
                # After the mode: who has given a file away may not change it any more.
                os.fchown(file.fileno(), owner, group)
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if sync:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
