"""The clock is set while people meet: nobody is thrown out, and no page stays for an hour."""

import asyncio
from pathlib import Path

import pytest

from appliance.base.clock import HOLD_S
from appliance.core.screen_texts import Screen
from services.endpoint.conductor import STATUS_SHOWN_S
from tests.fast_loop import play
from tests.stories.evening import Evening

JOINED = ["idle", "upcoming", "joining", "in meeting"]


@pytest.mark.case("C18")
@pytest.mark.parametrize("step", [-86400, -3600, -8, 8, 3600, 86400, 14 * 86400])
@pytest.mark.parametrize("lasts", [1, 8, 45])
def test_a_glitch_in_a_meeting_ends_no_call(tmp_path: Path, step: int, lasts: int) -> None:
    """It ended a running call: by the glitch's hour the meeting was over, or had not begun."""
    evening = Evening(tmp_path, "13:58")

    async def story() -> None:
        evening.meeting("a", "14:00", "14:10")
        async with evening.powered():
            # In the second of a poll, too, in which the agenda is read for the hour that it is.
            for hour in ("14:02", "14:05:30", "14:08:50"):
                await evening.until(hour)
                evening.clock.off = step
                await asyncio.sleep(lasts)
                evening.clock.off = 0.0
                await asyncio.sleep(5.0)
            assert len(evening.far.live) == 1
            await evening.until("14:10:05")
            assert evening.far.live == []

    play(story())
    assert evening.phases == [*JOINED, "overtime", "leaving", "idle"]
    assert len(evening.far.dialed) == 1


@pytest.mark.case("C18")
def test_a_clock_that_is_put_right_in_a_meeting_is_followed(tmp_path: Path) -> None:
    """It ran half an hour late: the meeting is over sooner than the box had thought."""
    evening = Evening(tmp_path, "14:00")

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        evening.clock.off = -1800.0
        async with evening.powered():
            await evening.until("14:45")
            assert len(evening.far.live) == 1
            await evening.until("14:59")
            evening.clock.off = 0.0
            await asyncio.sleep(HOLD_S + 65.0)
            assert evening.far.live == []

    play(story())


@pytest.mark.case("C18")
@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_the_page_that_a_press_asks_for_goes_in_its_time(tmp_path: Path, step: float) -> None:
    """Set back by an hour, it stayed for an hour."""
    evening = Evening(tmp_path, "10:00")

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("10:01")
            await evening.press()
            shown = [evening.tv.screen]
            evening.clock.off = step
            for seconds in (STATUS_SHOWN_S - 3.0, 3.0):
                await asyncio.sleep(seconds)
                shown.append(evening.tv.screen)
            assert shown == [Screen.STATUS, Screen.STATUS, Screen.IDLE]
            await asyncio.sleep(HOLD_S + 65.0)
            assert evening.tv.scene is not None
            assert evening.tv.scene.clock is not None
            assert evening.tv.scene.clock.hour == (9 if step < 0 else 11)

    play(story())


@pytest.mark.case("C18")
def test_a_step_while_the_box_looks_for_the_meeting_counts_no_time_twice(tmp_path: Path) -> None:
    """How long the box has been joining is what people wait for, whatever the clock says."""
    evening = Evening(tmp_path, "13:59")

    async def story() -> None:
        evening.meeting("a", "14:00", "18:00")
        evening.far.up = False
        async with evening.powered():
            await evening.until("14:05")
            evening.clock.off = 3600.0
            await evening.until("14:10")
            scene = evening.tv.scene
            assert scene is not None
            assert scene.screen is Screen.JOINING
            assert scene.elapsed is not None
            assert abs(scene.elapsed - 600) <= 1
            assert scene.since is not None
            assert (scene.since.hour, scene.since.minute) == (15, 0)
            problem = next(one for one in scene.problems if one.code == "H3")
            assert abs(evening.clock.now() - problem.since - 600) <= 5

    play(story())
