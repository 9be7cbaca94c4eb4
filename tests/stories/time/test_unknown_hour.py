"""No time server and no province: people have come, the TV shows what they would join, they do."""

import asyncio
import shutil
from pathlib import Path

import pytest

from appliance.core.screen_texts import Screen
from tests.fast_loop import play
from tests.stories.evening import Evening

MONTH = 30 * 86_400.0


@pytest.mark.parametrize("off", [-MONTH, -300.0])
def test_a_hand_joins_and_the_hour_that_comes_ends_no_call(tmp_path: Path, off: float) -> None:
    """The box is in the hour that it kept. In mid-meeting a line comes, and the hour with it."""
    evening = Evening(tmp_path, "13:50")
    evening.clock.believed = False
    evening.clock.off = off

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("14:01")
            assert screen(evening) is Screen.CLOCK_UNTRUSTED
            shown = evening.tv.scene
            assert shown is not None
            assert shown.meeting is not None
            assert (shown.meeting.title, shown.meeting.begin.hour) == ("Họp a", 14)
            assert "Hold the button" in shown.words.explanation
            assert (shown.clock, evening.far.live) == (None, [])
            assert evening.devices.opened == 0
            await by_hand(evening)
            assert len(evening.far.live) == 1
            assert screen(evening) is Screen.IN_MEETING
            assert "G1" in evening.tv.codes
            evening.clock.believed, evening.clock.off = True, 0.0
            await evening.until("14:30")
            assert len(evening.far.live) == 1
            assert "G1" not in evening.tv.codes

    play(story())
    assert len(evening.far.dialed) == 1
    assert evening.phases[:3] == ["idle", "joining", "in meeting"]


def test_who_leaves_is_offered_the_next(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "09:00")
    evening.clock.believed = False

    async def story() -> None:
        evening.meeting("a", "10:00", "11:00")
        evening.meeting("b", "14:00", "15:00", address="janus+ws://mcu.example/janus?room=2")
        async with evening.powered():
            await evening.until("09:01")
            await by_hand(evening)
            assert dialed(evening) == ["1"]
            assert evening.conductor is not None
            evening.conductor.hang_up()
            await asyncio.sleep(5.0)
            assert evening.far.live == []
            shown = evening.tv.scene
            assert shown is not None
            assert shown.meeting is not None
            assert shown.meeting.title == "Họp b"
            await by_hand(evening)
            assert dialed(evening) == ["1", "2"]

    play(story())


@pytest.mark.parametrize("power", [False, True], ids=["program", "power"])
def test_a_restart_comes_back_and_a_power_cut_does_not(tmp_path: Path, power: bool) -> None:
    """What was joined by evening must not open the camera in the morning: how long the power was
    away is not known either. A program that is started anew in the same minute is in it."""
    evening = Evening(tmp_path, "13:50")
    evening.clock.believed = False
    evening.closes_s = None

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("14:01")
            await by_hand(evening)
            assert len(evening.far.live) == 1
        if power:
            shutil.rmtree(tmp_path / "run")
        async with evening.powered():
            await evening.until("14:03")
            assert len(evening.far.live) == (not power)
            assert evening.devices.open is not power
            if power:
                assert screen(evening) is Screen.CLOCK_UNTRUSTED
                await by_hand(evening)
            assert screen(evening) is Screen.IN_MEETING
            assert evening.conductor is not None
            evening.conductor.hang_up()
            await asyncio.sleep(5.0)
        async with evening.powered():
            await evening.until("14:10")
            assert evening.far.live == [], "what a hand has left is left"

    play(story())


def test_what_a_hand_joined_is_over_with_its_length_and_the_longest_overrun(tmp_path: Path) -> None:
    """Its own hour stands at the begin for ever; the people have gone home, the room is open."""
    evening = Evening(tmp_path, "14:00")
    evening.clock.believed = False
    evening.closes_s = None

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await by_hand(evening)
            await evening.until("16:00")
        async with evening.powered():
            await evening.until("17:59")
            assert len(evening.far.live) == 1
            await evening.until("18:01")
            assert (evening.far.live, evening.devices.open) == ([], False)

    play(story())


async def by_hand(evening: Evening) -> None:
    """The gesture that joins: the button is held for five seconds."""
    await evening.hands.press(5.5)
    await asyncio.sleep(6.0)


def dialed(evening: Evening) -> list[str]:
    """The rooms, in order."""
    return [address.rpartition("=")[2] for _, address in evening.far.dialed]


def screen(evening: Evening) -> Screen | None:
    return evening.tv.screen
