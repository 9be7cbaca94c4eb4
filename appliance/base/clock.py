"""The time, and whether it may be believed: a Raspberry Pi has no clock of its own."""

import ctypes
import time
from pathlib import Path
from typing import Protocol

TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
STA_UNSYNC = 0x0040
"""adjtimex(2): the clock is not synchronised."""
TIME_ERROR = 5


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

    def __init__(self, *, trust: str = "synchronised", floor: float = 0.0) -> None:
        self._trust = trust
        self._floor = floor
        self._believed = False

    def now(self) -> float:
        """POSIX seconds, UTC."""
        return time.time()

    def trusted(self) -> bool:
        """Whether the kernel or timesyncd says so, or the site file says that there is a clock.

        Once believed it stays so until the next start: the kernel takes its word back when the
        time server has been away for hours, and no call may end for that.
        """
        if self.now() < self._floor:
            return False
        self._believed = (
            self._believed
            or self._trust == "always"
            or TIMESYNC_MARK.exists()
            or _kernel_synchronised()
        )
        return self._believed


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2); only ``modes`` and ``status`` are of interest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def _kernel_synchronised() -> bool:
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    return 0 <= state < TIME_ERROR and not timex.status & STA_UNSYNC
