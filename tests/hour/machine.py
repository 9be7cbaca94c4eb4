"""A machine whose clock a test may set: as a value, or as the hour of a process of its own."""

import time
from pathlib import Path


class MadeUpClock:
    """Begins at `begin` (POSIX s), and goes by this machine's own quartz."""

    def __init__(self, begin: float = 60.0) -> None:
        self._off = begin - time.monotonic()
        self._on = 0.0
        self.ntp = False
        self.steps: list[float] = []
        self.slews: list[float] = []

    def now(self) -> float:
        return time.monotonic() + self._off

    def elapsed(self) -> float:
        return time.monotonic() + self._on

    def later(self, seconds: float) -> None:
        """So much time goes by."""
        self._on += seconds
        self._off += seconds

    def kept_by_ntp(self) -> bool:
        return self.ntp

    def set(self, at: float, error_s: float) -> None:
        self.steps.append(at - self.now())
        self._off += at - self.now()

    def slew(self, offset_s: float, error_s: float) -> None:
        self.slews.append(offset_s)


class ShiftedProcess(MadeUpClock):
    """Of a process below libfaketime: what it sets is what OpenSSL in it goes by from then on."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def now(self) -> float:
        return time.time()

    def set(self, at: float, error_s: float) -> None:
        self.steps.append(at - self.now())
        shift = float(self._file.read_text()) + self.steps[-1]
        self._file.write_text(f"{shift:+.3f}\n")
