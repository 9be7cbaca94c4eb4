"""Early, over time, and how a meeting ends: evenings as people live them, each read by its phases.

Each is told a second and a third time with a clock that is set, forward or back, in its middle.
"""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from appliance.base.clock import HOLD_S
from appliance.core.end_reasons import EndReason
from appliance.core.floor_control import Floor
from appliance.core.meetings.due import Period
from appliance.core.screen_texts import Screen
from appliance.dialers.api import Call, DialError
from appliance.wire.meeting import Meeting
from tests.fast_loop import play
from tests.stories.evening import Evening

Story = Callable[[Evening], Coroutine[Any, Any, None]]

EARLY = ["idle", "upcoming", "joining", "waiting"]
STEPS = [0.0, 2.0 * HOLD_S, -2.0 * HOLD_S]
"""Seconds by which the clock is set in the middle of a story, for good."""
SECOND = "janus+ws://mcu.example/janus?room=2"
stepped = pytest.mark.parametrize("step", STEPS, ids=["steady", "forward", "back"])


def live(folder: Path, story: Story, begin: str = "13:40") -> Evening:
    """Lives one story whose far end closes no room by itself."""
    evening = Evening(folder, begin)
    evening.closes_s = None
    play(story(evening))
    return evening


def codes(e: Evening) -> set[str]:
    return set(e.tv.codes)


@stepped
def test_doors_opening_and_seventy_minutes_over_time(tmp_path: Path, step: float) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None, free=True)
        async with e.powered():
            await e.until("13:49:55")
            assert (e.devices.opened, e.far.dialed) == (0, [])
            await e.until("13:52")
            assert e.devices.open
            assert not e.devices.live
            assert e.tv.scene is not None
            assert (e.tv.screen, e.tv.scene.period) == (Screen.IN_MEETING, Period.DOORS)
            await e.press(2.0)  # held: sites speak freely from the begin on
            assert e.floor == Floor()
            e.clock.off = step
            await e.until("14:10")
            await e.press(2.0)
            assert e.floor.mic
            await e.press()
            await e.until("16:10")
            assert e.tv.scene.period is Period.OVERRUN
            assert abs(e.tv.scene.overtime - 70) <= 3
            assert len(e.far.live) == 1
            e.far.drop()
            await asyncio.sleep(30.0)
            assert e.tv.screen is Screen.ENDED
            assert not e.devices.open
            await asyncio.sleep(120.0)
            assert e.tv.screen is Screen.IDLE

    evening = live(tmp_path, story)
    assert evening.phases == [*EARLY, "in meeting", "overtime", "leaving", "idle"]
    assert len(evening.far.calls) == 1


@stepped
def test_an_overrun_gives_way_to_the_begin_of_another(tmp_path: Path, step: float) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        e.meeting("b", "15:30", "16:00", doors=None, address=SECOND)
        async with e.powered():
            await e.until("15:10")
            e.clock.off = step
            await e.until("15:27")
            assert [call.address[-1] for call in e.far.live] == ["1"], "its doors are no begin"
            await e.until("15:33")
            assert [call.address[-1] for call in e.far.live] == ["2"]

    evening = live(tmp_path, story)
    assert evening.phases == [
        *EARLY, "in meeting", "overtime", "leaving", "joining", "in meeting",
    ]  # fmt: skip


@stepped
def test_an_mcu_that_is_not_open_yet_is_no_problem(tmp_path: Path, step: float) -> None:
    async def story(e: Evening) -> None:
        open_at = e.hour("13:57")
        dial = e.far.dial

        async def refused(meeting: Meeting) -> Call:
            if asyncio.get_running_loop().time() < open_at:
                e.far.dialed.append((asyncio.get_running_loop().time(), meeting.address))
                raise DialError(EndReason.REFUSED, "the server knows no conference 724999")
            return await dial(meeting)

        e.dial = refused
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until("13:51")
            assert e.tv.screen is Screen.NOT_OPEN
            assert codes(e) == set()
            e.clock.off = step
            await e.until("13:57:40")
            assert len(e.far.live) == 1

    evening = live(tmp_path, story)
    assert evening.phases[:4] == EARLY
    waits = [after[0] - before[0] for before, after in pairwise(evening.far.dialed)]
    assert len(waits) > 10
    assert all(20.0 <= wait <= 31.0 for wait in waits)


@pytest.mark.parametrize(
    ("reason", "code"), [(EndReason.REFUSED, "H2"), (EndReason.FORBIDDEN, "H13")]
)
def test_at_the_begin_who_was_refused_calls_at_once(
    tmp_path: Path, reason: EndReason, code: str
) -> None:
    async def story(e: Evening) -> None:
        async def refused(meeting: Meeting) -> Call:
            e.far.dialed.append((asyncio.get_running_loop().time(), meeting.address))
            raise DialError(reason, "not yet")

        e.dial = refused
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until("13:59")
            assert (e.tv.screen, codes(e)) == (Screen.NOT_OPEN, set())
            await e.until("14:01")
            assert (e.tv.screen, codes(e)) == (Screen.JOINING, {code})

    evening = live(tmp_path, story)
    begin = evening.hour("14:00")
    first = next(at for at, _ in evening.far.dialed if at >= begin)
    assert first - begin < 6.0


@stepped
def test_cancelled_in_the_middle(tmp_path: Path, step: float) -> None:
    shown: list[Screen | None] = []

    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        e.meeting("b", "17:00", "18:00", doors=None, address=SECOND)
        async with e.powered():
            await e.until("14:10")
            e.clock.off = step
            await e.until("14:20")
            e.meeting("a", "14:00", "15:00", doors=None, status="CANCELLED")
            await e.until("14:22")
            assert e.far.live == []
            assert e.tv.screen is Screen.CANCELLED
            assert e.tv.scene is not None
            assert e.tv.scene.gone is not None
            assert e.tv.scene.gone.title == "Họp a"
            assert e.tv.scene.meeting is not None
            assert e.tv.scene.meeting.title == "Họp b"
            await e.until("14:25")
            shown.append(e.tv.screen)

    assert live(tmp_path, story).phases == [*EARLY, "in meeting", "leaving", "idle"]
    assert shown == [Screen.IDLE]


def test_moved_before_it_began_and_in_the_middle(tmp_path: Path) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until("13:55")
            e.meeting("a", "15:00", "16:00", doors=None)
            await e.until("13:57")
            assert e.tv.screen is Screen.MOVED
            assert e.tv.scene is not None
            assert e.tv.scene.gone is not None
            assert e.tv.scene.gone.begin.hour == 15
            await e.until("15:10")
            assert len(e.far.live) == 1
            e.meeting("a", "20:00", "21:00", doors=None)
            await e.until("15:12")
            assert (e.tv.screen, e.far.live) == (Screen.MOVED, [])

    assert live(tmp_path, story).phases == [
        *EARLY, "leaving", "idle", "upcoming", "rejoining", "waiting", "in meeting", "leaving",
        "idle",
    ]  # fmt: skip


@stepped
def test_alone_after_all_left(tmp_path: Path, step: float) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until("15:10")
            e.clock.off = step
            await e.until("15:20")
            (call,) = e.far.live
            call.leave_alone(True)
            await asyncio.sleep(30.0)
            call.leave_alone(False)
            await asyncio.sleep(60.0)
            assert e.far.live == [call], "somebody came back"
            call.leave_alone(True)
            await asyncio.sleep(55.0)
            assert e.far.live == [call]
            await asyncio.sleep(10.0)
            assert e.far.live == []
            assert e.tv.screen is Screen.ENDED
            await e.until("15:40")

    evening = live(tmp_path, story)
    assert evening.phases == [*EARLY, "in meeting", "overtime", "leaving", "idle"]
    assert len(evening.far.dialed) == 1


@stepped
def test_left_by_hand_and_back(tmp_path: Path, step: float) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered() as conductor:
            await e.until("14:10")
            conductor.hang_up()
            e.clock.off = step
            await e.until("14:20")
            assert (e.tv.screen, e.devices.open) == (Screen.LEFT, False)
            conductor.join()
            await e.until("15:10")
            assert len(e.far.live) == 1
            conductor.hang_up()
            await e.until("15:11")
            assert (e.tv.screen, e.far.live) == (Screen.LEFT, [])
            await e.until("15:20")
            assert (e.tv.screen, e.far.live) == (Screen.IDLE, [])
            conductor.join()
            await e.until("15:22")
            assert len(e.far.live) == 1

    assert live(tmp_path, story).phases == [
        *EARLY, "in meeting", "leaving", "left", "joining", "in meeting", "overtime", "leaving",
        "left", "idle", "joining", "overtime",
    ]  # fmt: skip


@stepped
@pytest.mark.parametrize("comes_back", [True, False])
def test_a_call_that_falls_in_the_overrun(tmp_path: Path, comes_back: bool, step: float) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until("15:10")
            e.clock.off = step
            await e.until("15:20")
            e.far.routed = False
            await e.until("15:24")
            e.far.routed = comes_back
            await e.until("15:24:50")
            assert len(e.far.live) == comes_back
            await e.until("15:40")
            assert len(e.far.live) == comes_back
            dialed = len(e.far.dialed)
            await e.until("15:50")
            assert len(e.far.dialed) == dialed

    phases = live(tmp_path, story).phases
    over = [*EARLY, "in meeting", "overtime", "rejoining"]
    assert phases == [*over, "overtime"] if comes_back else phases[:7] == over
    assert comes_back or phases[-1] == "idle"


@pytest.mark.parametrize("power", [False, True], ids=["program", "power"])
def test_a_restart_in_the_overrun_comes_back(tmp_path: Path, power: bool) -> None:
    """In no calendar stands that a meeting runs over: the people would be left in the middle."""

    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until("15:20")
        if power:
            (tmp_path / "run" / "media.json").unlink()
        async with e.powered():
            await e.until("15:21")
            assert len(e.far.live) == 1
            e.far.drop()
            await asyncio.sleep(10.0)
        async with e.powered():
            await e.until("15:30")
            assert e.far.live == [], "what the far end has ended is over"

    evening = live(tmp_path, story)
    assert evening.phases[5:8] == ["overtime", "joining", "overtime"]
    assert evening.phases[-1] == "idle"


def test_three_hours_over_time_are_enough(tmp_path: Path) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "14:10", doors=None)
        async with e.powered():
            await e.until("17:09")
            assert len(e.far.live) == 1
            await e.until("17:10:10")
            assert e.far.live == []

    live(tmp_path, story, "13:59")


@pytest.mark.case("C18")
@pytest.mark.parametrize("step", [-6 * 3600.0, 5 * 3600.0, 14 * 86400.0])
def test_a_clock_that_is_set_by_hours_ends_no_call(tmp_path: Path, step: float) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", doors=None)
        async with e.powered():
            await e.until("14:10")
            e.clock.off = step
            await e.until("14:40")
            assert len(e.far.live) == 1

    evening = live(tmp_path, story)
    assert len(evening.far.dialed) == 1
    assert evening.phases[-1] == ("waiting" if step < 0 else "overtime")
