"""When the time is believed: by the kernel's word, by the site file's, never before the floor."""

import ctypes
import struct
import time

from appliance.base.clock import STA_UNSYNC, TIME_ERROR, TIMESYNC_MARK, SystemClock, _Timex

LATER = 3600.0
STATUS_AT = struct.calcsize("@Illll")
"""Bytes before ``status`` in struct timex (adjtimex(2))."""


def kernel_says_so() -> bool:
    """Read with no structure but its bytes."""
    raw = ctypes.create_string_buffer(512)
    state = ctypes.CDLL(None).adjtimex(raw)
    (status,) = struct.unpack_from("@i", raw.raw, STATUS_AT)
    return state in range(TIME_ERROR) and not status & STA_UNSYNC


def test_the_time_is_the_machines() -> None:
    before = time.time()
    assert before <= SystemClock().now() <= time.time()


def test_the_kernel_is_asked_where_timesyncd_says_nothing() -> None:
    assert SystemClock().trusted() is (TIMESYNC_MARK.exists() or kernel_says_so())
    assert _Timex.status.offset == STATUS_AT
    assert ctypes.sizeof(_Timex) >= 208, "the kernel writes as much on 64 bits"


def test_a_machine_that_has_a_clock_is_believed_at_once() -> None:
    assert SystemClock(trust="always").trusted()


def test_a_time_before_what_is_known_to_have_passed_is_not_believed() -> None:
    assert not SystemClock(trust="always", floor=time.time() + LATER).trusted()
    assert SystemClock(trust="always", floor=time.time() - LATER).trusted()
