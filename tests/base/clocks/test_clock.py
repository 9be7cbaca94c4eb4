"""When the time is believed: by the kernel's word, by the site file's, never before the floor."""

import ctypes
import struct
import time
from pathlib import Path

import pytest

from appliance.base.clock import (
    HOLD_S,
    STEP_S,
    TIMESYNC_MARK,
    SteadyClock,
    SystemClock,
)
from appliance.base.clocks.hardware_clock import HARDWARE_CLOCK_AGREES_S, set_by_hardware_clock
from appliance.base.clocks.kernel_clock import STA_UNSYNC, TIME_ERROR, Timex

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
    assert Timex.status.offset == STATUS_AT
    assert ctypes.sizeof(Timex) >= 208, "the kernel writes as much on 64 bits"


def test_a_machine_that_has_a_clock_is_believed_at_once() -> None:
    assert SystemClock(trust="always").trusted()


def test_a_time_before_what_is_known_to_have_passed_is_not_believed() -> None:
    assert not SystemClock(trust="always", floor=time.time() + LATER).trusted()
    assert SystemClock(trust="always", floor=time.time() - LATER).trusted()


def test_the_clock_that_the_provinces_hour_has_set_is_believed(tmp_path: Path) -> None:
    mark = tmp_path / "synchronised"
    assert SystemClock(hour_mark=mark).trusted() is SystemClock(hour_mark=Path("/none")).trusted()
    mark.touch()
    assert SystemClock(hour_mark=mark).trusted()
    assert not SystemClock(hour_mark=mark, floor=time.time() + LATER).trusted()


@pytest.mark.parametrize(
    ("gave", "off", "right"),
    [
        ("1", 0.0, True),
        ("1", -60.0, True),
        ("0", 0.0, False),  # it is there, and did not set the clock
        ("1", -HARDWARE_CLOCK_AGREES_S - 1.0, False),
        ("1", -time.time(), False),  # no battery: 1970; systemd went on from the hour it kept
        ("1", None, False),  # its oscillator stands still, and the driver refuses to read
    ],
)  # fmt: skip
def test_a_hardware_clock_is_believed_where_it_set_the_hour_and_still_says_so(
    tmp_path: Path, gave: str, off: float | None, right: bool
) -> None:
    clock = tmp_path / "rtc0"
    clock.mkdir(parents=True)
    (clock / "hctosys").write_text(f"{gave}\n")
    if off is not None:
        (clock / "since_epoch").write_text(f"{time.time() + off:.0f}\n")
    assert set_by_hardware_clock(tmp_path, time.time()) is right
    if right:
        assert SystemClock(hardware_clocks=tmp_path).trusted()


class SetClock:
    """A clock that a test sets; `at` is the monotonic second."""

    def __init__(self, *, trusted: bool = True) -> None:
        self.at, self.off, self.believed = 100.0, 1_800_000_000.0, trusted

    def now(self) -> float:
        return self.at + self.off

    def trusted(self) -> bool:
        return self.believed

    def monotonic(self) -> float:
        return self.at


def passing(clock: SetClock, steady: SteadyClock, seconds: int) -> list[float]:
    """What the steady clock says each second, less what it said before and the seconds since."""
    begin = steady.now()
    gained = []
    for second in range(1, seconds + 1):
        clock.at += 1.0
        gained.append(round(steady.now() - begin - second, 3))
    return gained


@pytest.mark.case("C18")
@pytest.mark.parametrize("step", [-86400.0, -3600.0, -8.0, 8.0, 3600.0, 86400.0 * 365])
@pytest.mark.parametrize("lasts", [1, 8, int(HOLD_S) - 1])
def test_a_glitch_of_the_clock_is_not_seen(step: float, lasts: int) -> None:
    clock = SetClock()
    steady = SteadyClock(clock, clock.monotonic)
    steady.now()
    clock.off += step
    assert passing(clock, steady, lasts) == [0.0] * lasts
    clock.off -= step
    assert passing(clock, steady, 200) == [0.0] * 200


@pytest.mark.case("C18")
@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_is_set_is_followed_after_a_minute(step: float) -> None:
    clock = SetClock()
    steady = SteadyClock(clock, clock.monotonic)
    steady.now()
    clock.off += step
    hold = int(HOLD_S)
    assert passing(clock, steady, hold + 5) == [0.0] * (hold - 1) + [step] * 6


def test_a_second_glitch_within_the_first_s_time_is_not_seen_either() -> None:
    clock = SetClock()
    steady = SteadyClock(clock, clock.monotonic)
    steady.now()
    for off in (3600.0, -7200.0, 3600.0, 0.0):
        clock.off += off
        assert passing(clock, steady, 40) == [0.0] * 40


def test_a_clock_that_is_slewed_is_followed_at_once() -> None:
    clock = SetClock()
    steady = SteadyClock(clock, clock.monotonic)
    begin = steady.now()
    for _ in range(3600):
        clock.at += 1.0
        clock.off += 0.0005
        steady.now()
    assert steady.now() == pytest.approx(begin + 3600 + 1.8)


def test_before_the_clock_is_trusted_and_as_it_becomes_so_it_is_followed_at_once() -> None:
    clock = SetClock(trusted=False)
    clock.off = 0.0
    steady = SteadyClock(clock, clock.monotonic)
    assert (steady.now(), steady.trusted()) == (100.0, False)
    clock.off = 1_000_000_000.0
    assert steady.now() == 1_000_000_100.0
    clock.off, clock.believed = 1_800_000_000.0, True
    assert (steady.now(), steady.trusted()) == (1_800_000_100.0, True)


@pytest.mark.case("C18")
@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_two_programs_that_look_at_other_times_disagree_for_seconds_at_most(step: float) -> None:
    """The endpoint's facts are judged by health's clock: an hour old, they would be an alarm."""
    clock = SetClock()
    often, seldom = (SteadyClock(clock, clock.monotonic) for _ in range(2))
    often.now(), seldom.now()
    clock.off += step
    apart_s = 0
    for second in range(1, 300):
        clock.at += 1.0
        ours = often.now()
        if second % 5 == 3:
            apart_s += 5 * (abs(ours - seldom.now()) > STEP_S)
    assert apart_s <= 10
