"""The seam to the clock that is set: the machine's own, or one of a test's."""

import time
from pathlib import Path
from typing import Protocol

from appliance.base.clock import TIMESYNC_MARK
from appliance.base.clocks.kernel_clock import (
    kernel_synchronised,
    mark_synchronised,
    set_clock,
    slew_clock,
)


class MachineClock(Protocol):
    """What ``diemcau hour`` asks of a machine's clock and does to it."""

    def now(self) -> float:
        """POSIX seconds, right or not."""
        ...

    def elapsed(self) -> float:
        """Seconds since the boot; nobody sets this one."""
        ...

    def kept_by_ntp(self) -> bool:
        """Whether a time server has set the clock and still holds it."""
        ...

    def set(self, at: float, error_s: float) -> None:
        """Set it to `at` (POSIX s), right to `error_s`. Raises `OSError`."""
        ...

    def slew(self, offset_s: float, error_s: float) -> None:
        """Let it gain `offset_s` without a step. Raises `OSError`."""
        ...


class KernelClock:
    """This machine's."""

    def now(self) -> float:
        """POSIX seconds, right or not."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds since the boot, sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def kept_by_ntp(self) -> bool:
        """timesyncd's mark stays for as long as the power is on; the kernel takes its word back
        when no time server was heard for some hours."""
        return TIMESYNC_MARK.exists() and kernel_synchronised()

    def set(self, at: float, error_s: float) -> None:
        """At once. Raises `OSError` without CAP_SYS_TIME."""
        set_clock(at)
        mark_synchronised(error_s)

    def slew(self, offset_s: float, error_s: float) -> None:
        """By half a millisecond a second. Raises `OSError` without CAP_SYS_TIME."""
        slew_clock(offset_s)
        mark_synchronised(error_s)


class Mark:
    """The file by which every program of the box knows that the clock was set
    (`appliance.base.clock.HOUR_MARK`)."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def there(self) -> bool:
        """Whether the hour was known before in this boot."""
        return self._file.exists()

    def make(self) -> None:
        """From now on. Raises `OSError`."""
        self._file.touch()
