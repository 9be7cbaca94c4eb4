"""A TV that cuts the picture's edges off is set right with the one button, and it stays so."""

import asyncio
from pathlib import Path

from appliance.core.problems import Area, ProblemKey
from appliance.core.scenes import Screen
from tests.fast_loop import play
from tests.stories.evening import Evening


def evening_at(folder: Path, hour: str) -> Evening:
    evening = Evening(folder, hour)

    async def good() -> ProblemKey | None:
        return None

    evening.self_test_steps = {Area.TV: good}
    return evening


def screen(evening: Evening) -> Screen | None:
    return evening.tv.screen


def test_a_hold_in_the_self_test_shows_the_rulers_and_presses_step_through(tmp_path: Path) -> None:
    evening = evening_at(tmp_path, "10:00")

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("10:01")
            await evening.press(2.0)
            assert screen(evening) is Screen.SELFTEST
            await evening.press(2.0)
            assert screen(evening) is Screen.MARGINS
            for percent in (1, 2, 3):
                await evening.press()
                assert evening.tv.scene is not None
                assert evening.tv.scene.margin == percent
            await evening.press(2.0)
            assert screen(evening) is not Screen.MARGINS
            await asyncio.sleep(30.0)
            assert screen(evening) is Screen.IDLE
            await evening.press()  # now it means again what it always means
            assert screen(evening) is Screen.STATUS
        async with evening.powered():
            await evening.until("10:05")
            assert evening.tv.scene is not None
            assert evening.tv.scene.margin == 3

    play(story())


def test_a_meeting_takes_the_screen_and_the_button_back(tmp_path: Path) -> None:
    evening = evening_at(tmp_path, "13:59")

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await asyncio.sleep(42.0)
            await evening.press(2.0)
            await evening.press(2.0)
            assert screen(evening) is Screen.MARGINS
            await evening.until("14:00:30")
            assert screen(evening) is Screen.IN_MEETING
            await evening.press()
            assert evening.floor.hand
            assert evening.tv.scene is not None
            assert evening.tv.scene.margin == 0

    play(story())


def test_nobody_at_the_button_and_the_page_goes(tmp_path: Path) -> None:
    evening = evening_at(tmp_path, "10:00")

    async def story() -> None:
        async with evening.powered():
            await evening.until("10:01")
            await evening.press(2.0)
            await evening.press(2.0)
            assert screen(evening) is Screen.MARGINS
            await evening.until("10:03")
            assert screen(evening) is not Screen.MARGINS

    play(story())
