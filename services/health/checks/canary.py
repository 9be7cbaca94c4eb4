"""Can the data partition still be written, and does it give back what was written?"""

import errno
import os
from pathlib import Path

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey, of_write
from services.health.check_api import Box, CheckResult

INTERVAL_S = 900.0
SIZE = 4096


class Canary:
    """4 KiB every quarter of an hour; between, the last answer stands."""

    def __init__(self) -> None:
        self._due = float("-inf")
        self._found: tuple[ProblemKey, str] | None = None

    def __call__(self, box: Box) -> CheckResult:
        """STORAGE, or DISK_FULL where only the room is missing."""
        if box.monotonic >= self._due:
            self._due = box.monotonic + INTERVAL_S
            self._found = sing(box.data / "canary")
        if self._found is None:
            return CheckResult((when(ProblemKey.STORAGE, wrong=False),))
        key, detail = self._found
        return CheckResult((when(key, wrong=True, detail=detail),))


def sing(path: Path) -> tuple[ProblemKey, str] | None:
    """Write, sync, and read back past the cache; None when all is well, else what failed."""
    song = os.urandom(SIZE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            written = os.write(handle, song)
            if written < SIZE:  # a disk that fills up takes what it can (write(2))
                os.write(handle, song[written:])
            os.fsync(handle)
            os.posix_fadvise(handle, 0, SIZE, os.POSIX_FADV_DONTNEED)
            heard = os.pread(handle, SIZE, 0)
        finally:
            os.close(handle)
    except OSError as error:
        return of_write(error.errno), f"write: {errno.errorcode.get(error.errno or 0, 'error')}"
    return None if heard == song else (ProblemKey.STORAGE, "read: not what was written")
