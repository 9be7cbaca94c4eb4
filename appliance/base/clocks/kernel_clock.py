"""The kernel's clock: whether it is synchronised, and how it is set (adjtimex(2))."""

import ctypes
import os
import time

STA_UNSYNC = 0x0040
"""The clock is not synchronised."""
TIME_ERROR = 5
_ADJ_MAXERROR, _ADJ_ESTERROR, _ADJ_STATUS = 0x0004, 0x0008, 0x0010
_ADJ_OFFSET_SINGLESHOT = 0x8001


class Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is of interest; times in microseconds."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_synchronised() -> bool:
    """Whether the kernel says so; False also where it may not be asked (``ProtectClock=``)."""
    timex = Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    return 0 <= state < TIME_ERROR and not timex.status & STA_UNSYNC


def set_clock(at: float) -> None:
    """Set the clock to `at` (POSIX s) at once. Raises `OSError` without CAP_SYS_TIME."""
    time.clock_settime(time.CLOCK_REALTIME, at)


def slew_clock(offset_s: float) -> None:
    """Let the clock gain `offset_s` (negative: lose) by half a millisecond a second.

    Raises `OSError`.
    """
    _adjust(Timex(modes=_ADJ_OFFSET_SINGLESHOT, offset=round(offset_s * 1e6)))


def mark_synchronised(error_s: float) -> None:
    """Tell the kernel that its clock is right to `error_s`: from then on it writes its hour to a
    hardware clock, every eleven minutes, for as long as it believes this. Raises `OSError`."""
    error = max(1, round(error_s * 1e6))
    modes = _ADJ_STATUS | _ADJ_MAXERROR | _ADJ_ESTERROR
    _adjust(Timex(modes=modes, maxerror=error, esterror=error, status=0))


def _adjust(timex: Timex) -> None:
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
