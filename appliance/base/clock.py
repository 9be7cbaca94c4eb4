"""The time, and whether it may be believed: a Raspberry Pi has no clock of its own."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from appliance.base.clocks.hardware_clock import HARDWARE_CLOCKS, set_by_hardware_clock
from appliance.base.clocks.kernel_clock import kernel_synchronised

log = logging.getLogger("diemcau.clock")

TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
HOUR_MARK = Path("/run/diemcau-hour/synchronised")
"""There from the moment on at which ``diemcau hour`` has set the clock by the province's hour."""
STEP_S = 1.0
"""A clock that is off by more in one moment was set; one that is slewed gains half a millisecond a
second (adjtimex(2))."""
HOLD_S = 60.0
"""So long a step must last before it counts: a time server's one bad answer is put right by the
next, which comes within 32 to 64 s (systemd-timesyncd, ``PollIntervalMinSec``)."""


class Clock(Protocol):
    """The one seam through which a program asks for time."""

    def now(self) -> float:
        """POSIX seconds, UTC."""
        ...

    def trusted(self) -> bool:
        """Whether `now` may decide on meetings."""
        ...


class SystemClock:
    """The machine's clock; believed once it is synchronised and not behind `floor`.

    ``floor`` is the newest moment that is known to have passed (the agenda's last fetch, the
    image's making): an earlier time is wrong whatever the kernel says.
    """

    def __init__(
        self,
        *,
        trust: str = "synchronised",
        floor: float = 0.0,
        hour_mark: Path = HOUR_MARK,
        hardware_clocks: Path = HARDWARE_CLOCKS,
    ) -> None:
        self._trust = trust
        self._floor = floor
        self._hour_mark = hour_mark
        self._hardware_clocks = hardware_clocks
        self._believed = False

    def now(self) -> float:
        """POSIX seconds, UTC."""
        return time.time()

    def trusted(self) -> bool:
        """Whether the kernel or timesyncd says so, the province's signed hour or a hardware clock
        has set it, or the site file says that there is a clock.

        Once believed it stays so until the next start: the kernel takes its word back when the
        time server has been away for hours, and no call may end for that.
        """
        if self.now() < self._floor:
            return False
        self._believed = (
            self._believed
            or self._trust == "always"
            or TIMESYNC_MARK.exists()
            or self._hour_mark.exists()
            or kernel_synchronised()
            or set_by_hardware_clock(self._hardware_clocks, self.now())
        )
        return self._believed


class SteadyClock:
    """Another clock without its glitches: once that one is trusted, a step counts after `HOLD_S`.

    A clock that was wrong for eight seconds ended a running call, and one that was set back by an
    hour left a page on the TV for an hour. Until a step counts, time goes on as before; before the
    clock is trusted there is nothing to protect, and it is followed at once.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._trusted = False
        self._offset = 0.0
        """From the monotonic time to the one that counts."""
        self._stepped: tuple[float, float] | None = None
        """The offset after a step that does not count yet, and when it was first seen."""

    def now(self) -> float:
        """POSIX seconds, UTC."""
        wall, monotonic = self._clock.now(), self._monotonic()
        self._follow(wall - monotonic, monotonic)
        return monotonic + self._offset

    def trusted(self) -> bool:
        """As the other clock says."""
        return self._clock.trusted()

    def _follow(self, offset: float, monotonic: float) -> None:
        before, self._trusted = self._trusted, self._clock.trusted()
        if not (before and self._trusted) or abs(offset - self._offset) <= STEP_S:
            self._offset, self._stepped = offset, None
            return
        if self._stepped is None or abs(offset - self._stepped[0]) > STEP_S:
            log.warning("clock: set by %+.1f s; followed if it lasts %g s",
                        offset - self._offset, HOLD_S)  # fmt: skip
            self._stepped = offset, monotonic
        elif monotonic - self._stepped[1] >= HOLD_S:
            self._offset, self._stepped = offset, None
