"""Out of a meeting and back into it with the box's own button: from the pin to the TV."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.core.by_hand import Direction, Sign, Step
from appliance.core.problems import Problem, ProblemKey
from appliance.core.scenes import Screen
from appliance.dialers.api import FarFloor
from hardware.panel import Button
from tests.fast_loop import play
from tests.stories.evening import Evening

BACK = ["leaving", "left", "joining", "in meeting"]


def in_meeting(
    folder: Path, story: Callable[[Evening], Awaitable[None]], *, free: bool = False
) -> Evening:
    """A site with one or two buttons that is in its meeting since 14:00."""
    evening = Evening(folder, "13:30")

    async def whole() -> None:
        evening.meeting("a", "14:00", "15:00", free=free)
        async with evening.powered():
            await evening.until("14:01")
            evening.phases.clear()
            await story(evening)

    play(whole())
    return evening


def screen(evening: Evening) -> Screen | None:
    return evening.tv.screen


def sign(evening: Evening) -> Sign | None:
    assert evening.tv.scene is not None
    return evening.tv.scene.by_hand


async def hold(evening: Evening, button: Button = Button.HAND, seconds: float = 5.5) -> None:
    await evening.hands.press(seconds, button)
    await asyncio.sleep(1.0)


@pytest.mark.parametrize("button", Button)
def test_one_gesture_leaves_and_comes_back_with_either_button(
    tmp_path: Path, button: Button
) -> None:
    async def story(e: Evening) -> None:
        e.hands.push(button)
        await asyncio.sleep(3.2)
        assert sign(e) == Sign(Step.HOLDING, Direction.LEAVE, 2)
        await asyncio.sleep(2.0)
        assert sign(e) == Sign(Step.LET_GO, Direction.LEAVE)
        e.hands.let_go(button)
        await asyncio.sleep(1.5)
        assert sign(e) == Sign(Step.ASKING, Direction.LEAVE, 9)
        assert len(e.far.live) == 1, "the TV asks before anything is done"
        await e.hands.press(2.0, button)
        await asyncio.sleep(6.0)
        assert (e.far.live, e.devices.open) == ([], False)
        assert sign(e) is None
        await e.until("14:10")
        assert e.far.live == [], "it holds"
        await hold(e, button)
        await asyncio.sleep(3.0)
        assert len(e.far.live) == 1
        assert not e.devices.live

    evening = in_meeting(tmp_path, story)
    assert evening.phases == BACK


@pytest.mark.parametrize("answer", ["press", "wait"])
def test_who_is_asked_and_does_not_hold_stays(tmp_path: Path, answer: str) -> None:
    async def story(e: Evening) -> None:
        await e.press()
        await hold(e)
        if answer == "press":
            await e.press()
        else:
            await asyncio.sleep(11.0)
        assert sign(e) is None
        assert e.far.live[0].hands == [True], "the answer is no press for the hand"
        await e.press(2.0)
        assert len(e.far.live) == 1, "a hold after the question has gone answers nothing"

    assert in_meeting(tmp_path, story).phases == []


def test_many_impatient_presses_only_raise_and_lower_the_hand(tmp_path: Path) -> None:
    async def story(e: Evening) -> None:
        for seconds in (0.1, 1.4, 0.3, 0.2, 1.4, 0.1):
            await e.press(seconds)
        assert e.far.live[0].hands == [True, False] * 3

    assert in_meeting(tmp_path, story).phases == []


def test_a_hold_to_leave_leaves_no_microphone_open_while_the_tv_asks(tmp_path: Path) -> None:
    async def story(e: Evening) -> None:
        e.hands.push()
        await asyncio.sleep(2.0)
        assert e.devices.live, "where sites speak freely, a hold speaks"
        await asyncio.sleep(4.0)
        e.hands.let_go()
        await asyncio.sleep(1.0)
        assert not e.devices.live

    in_meeting(tmp_path, story, free=True)


def test_a_bag_on_the_button_neither_leaves_nor_comes_back(tmp_path: Path) -> None:
    async def story(e: Evening) -> None:
        for _ in range(2):
            await hold(e, seconds=45.0)
            assert len(e.far.live) == 1
        await hold(e)
        await e.press(2.0)
        await asyncio.sleep(6.0)
        assert e.far.live == []
        await hold(e, seconds=45.0)
        await asyncio.sleep(10.0)
        assert e.far.live == []

    in_meeting(tmp_path, story)


def test_after_leaving_a_short_hold_is_the_self_test_and_a_press_the_state(tmp_path: Path) -> None:
    async def story(e: Evening) -> None:
        await hold(e)
        await e.press(2.0)
        await asyncio.sleep(6.0)
        await e.press()
        assert screen(e) is Screen.STATUS
        await asyncio.sleep(11.0)
        e.hands.push()
        await asyncio.sleep(3.0)
        assert screen(e) is Screen.BY_HAND, "no self-test begins under a finger that comes back"
        e.hands.let_go()
        await asyncio.sleep(1.0)
        assert (screen(e), e.far.live) == (Screen.SELFTEST, [])

    def with_test(e: Evening) -> Callable[[], Awaitable[ProblemKey | None]]:
        async def good() -> ProblemKey | None:
            await asyncio.sleep(3.0)
            return None

        return good

    evening = Evening(tmp_path, "13:30")
    evening.self_test_steps = {Problem(ProblemKey.TV_UNPLUGGED).kind.area: with_test(evening)}

    async def whole() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("14:01")
            await story(evening)

    play(whole())


def test_who_waits_in_vain_can_leave_before_the_meeting_is_joined(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:59")

    async def whole() -> None:
        evening.meeting("a", "14:00", "15:00")
        evening.far.routed = False
        async with evening.powered():
            await evening.until("14:05")
            await hold(evening)
            assert screen(evening) is Screen.BY_HAND
            await evening.press(2.0)
            await asyncio.sleep(6.0)
            tried = len(evening.far.dialed)
            await evening.until("14:20")
            assert len(evening.far.dialed) == tried

    play(whole())


def test_a_press_where_something_is_wrong_raises_the_hand_and_shows_what_to_do(
    tmp_path: Path,
) -> None:
    async def story(e: Evening) -> None:
        e.devices.found = [Problem(ProblemKey.CAMERA_MISSING)]
        await e.until("14:02")
        assert e.tv.scene is not None
        assert not e.tv.scene.remedy
        await e.press()
        assert e.far.live[0].hands == [True], "no hand is lost to a problem"
        assert e.tv.scene.remedy
        await asyncio.sleep(11.0)
        assert not e.tv.scene.remedy
        e.devices.found = []
        await e.until("14:03")
        await e.press()
        assert not e.tv.scene.remedy

    in_meeting(tmp_path, story)


def test_the_lamp_knows_seen_from_yours(tmp_path: Path) -> None:
    async def story(e: Evening) -> None:
        await e.press()
        assert e.tv.scene is not None
        assert e.tv.scene.lamp == "amber"
        e.far.live[0].say(FarFloor(hand_confirmed=True, given=True))
        await e.until("14:03")
        assert e.tv.scene.lamp == "yours"
        colours = set()
        for _ in range(60):
            await asyncio.sleep(0.05)
            colours.add(e.hands.lamp_colour())
        assert colours == {"amber", "off"}, "and never green: nobody is on the air"

    in_meeting(tmp_path, story)
