"""Can the data partition still be written, and does it give back what was written?"""

import errno
import os
from pathlib import Path

from appliance.core.alarms import Observation, State
from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult

INTERVAL_S = 900.0
SIZE = 4096


class Canary:
    """4 KiB every quarter of an hour; between, the last answer stands."""

    def __init__(self) -> None:
        self._due = float("-inf")
        self._detail = ""

    def __call__(self, box: Box) -> CheckResult:
        """STORAGE."""
        if box.monotonic >= self._due:
            self._due = box.monotonic + INTERVAL_S
            self._detail = sing(box.data / "canary")
        state = State.WRONG if self._detail else State.FINE
        return CheckResult((Observation(ProblemKey.STORAGE, state, self._detail),))


def sing(path: Path) -> str:
    """Write, sync, and read back past the cache; "" when all is well, else what failed."""
    song = os.urandom(SIZE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, song)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, SIZE, os.POSIX_FADV_DONTNEED)
            heard = os.pread(handle, SIZE, 0)
        finally:
            os.close(handle)
    except OSError as error:
        return f"write: {errno.errorcode.get(error.errno or 0, 'error')}"
    return "" if heard == song else "read: not what was written"
