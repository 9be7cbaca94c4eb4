"""The hand and the microphone of a site in its meeting, from the pin to the lamp."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.dialers.api import FarFloor
from appliance.wire.facts import HandFacts
from tests.fast_loop import play
from tests.stories.evening import Evening


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def hand(evening: Evening) -> HandFacts:
    """What the endpoint told its neighbours of hand and floor."""
    facts = ENDPOINT_FILE.read(evening.folder / "run", evening.clock.now(), 20.0)
    assert facts is not None
    return facts.hand


def lamp(evening: Evening) -> str:
    """What the endpoint told its neighbours of the lamp."""
    facts = json.loads((evening.folder / "run" / "endpoint.json").read_text())
    return str(facts["lamp"])


def in_meeting(folder: Path, story: Callable[[Evening], object]) -> None:
    async def whole() -> None:
        evening = Evening(folder, "14:00")
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("14:01")
            assert lamp(evening) == "red"
            await story(evening)  # type: ignore[misc]

    play(whole())


def test_a_hand_is_raised_confirmed_and_lowered(folder: Path) -> None:
    async def story(e: Evening) -> None:
        await e.press()
        assert (e.far.live[0].hands, lamp(e)) == ([True], "amber")
        await e.press()
        assert (e.far.live[0].hands, lamp(e)) == ([True, False], "red")
        assert not e.devices.live

    in_meeting(folder, story)


def test_a_hand_that_nobody_confirms_has_failed(folder: Path) -> None:
    async def story(e: Evening) -> None:
        e.far.live[0].confirms = False
        await e.press()
        assert lamp(e) == "amber blink"
        await e.until("14:01:20")
        assert lamp(e) == "failed"
        e.far.live[0].confirms = True
        await e.press()
        assert lamp(e) == "amber"

    in_meeting(folder, story)


def test_the_floor_opens_no_microphone_a_hand_does(folder: Path) -> None:
    async def story(e: Evening) -> None:
        call = e.far.live[0]
        await e.press()
        call.say(FarFloor(hand_confirmed=True, given=True))
        await e.until("14:02")
        assert not e.devices.live
        await e.press()
        assert (e.devices.live, lamp(e), call.mics) == (True, "green", [True])
        call.say(FarFloor(given=False))
        await e.until("14:03")
        assert (e.devices.live, lamp(e)) == (False, "red")

    in_meeting(folder, story)


def test_where_the_far_end_gives_no_floor_one_asks_and_a_long_press_opens(folder: Path) -> None:
    """A conference system of SIP: nobody there can give the floor, nor say that it mutes us."""

    async def story(e: Evening) -> None:
        call = e.far.live[0]
        call.say(FarFloor(gives=False))
        await e.press()
        call.say(FarFloor(hand_confirmed=True, gives=False))
        await e.until("14:02")
        assert (e.devices.live, lamp(e)) == (False, "amber")
        await e.press(2.0)
        assert (e.devices.live, lamp(e), call.mics) == (True, "green", [True])
        await e.press()
        assert (e.devices.live, call.mics) == (False, [True, False])

    in_meeting(folder, story)


def test_a_long_press_gives_the_floor_back(folder: Path) -> None:
    async def story(e: Evening) -> None:
        call = e.far.live[0]
        call.say(FarFloor(given=True))
        await e.press()
        assert e.devices.live
        await e.press(2.0)
        assert (e.devices.live, lamp(e)) == (False, "red")
        # N3: the far end and the province were told nothing of it.
        assert (call.returns, hand(e).returned) == ([True], True)
        call.say(FarFloor(given=False))
        await e.until("14:03")
        assert (call.returns, hand(e).returned) == ([True, False], False)

    in_meeting(folder, story)


def test_a_call_that_drops_closes_the_microphone(folder: Path) -> None:
    async def story(e: Evening) -> None:
        e.far.live[0].say(FarFloor(given=True))
        await e.press()
        assert e.devices.live
        e.far.up = False
        e.far.drop()
        await e.until("14:02")
        assert not e.devices.live

    in_meeting(folder, story)


def test_a_short_press_without_a_meeting_shows_the_state(folder: Path) -> None:
    async def whole() -> None:
        evening = Evening(folder, "10:00")
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            await evening.until("10:01")
            await evening.press()
            facts = json.loads((folder / "run" / "endpoint.json").read_text())
            assert facts["screen"] == "status"
            await evening.until("10:02")
            facts = json.loads((folder / "run" / "endpoint.json").read_text())
            assert facts["screen"] == "idle"
            assert evening.devices.opened == 0

    play(whole())


def test_a_stuck_button_leaves_no_microphone_open(folder: Path) -> None:
    async def story(e: Evening) -> None:
        e.meeting("a", "14:00", "15:00", free=True)
        await e.until("14:03")
        e.hands.push()
        await e.until("14:03:05")
        assert e.devices.live
        await e.until("14:04")
        assert not e.devices.live

    in_meeting(folder, story)


def test_people_are_counted_while_they_sit_down_and_in_the_first_minutes(folder: Path) -> None:
    shown: dict[str, str] = {}

    async def whole() -> None:
        evening = Evening(folder, "13:40")
        evening.province_url = "https://hop.gialai.example"
        evening.meeting("a", "14:00", "15:00", site_key=f"ia-kly/{'k' * 43}")
        evening.meeting("b", "15:10", "16:00")  # of a calendar that is no province's
        async with evening.powered():
            for hour in ("13:42", "13:50", "14:05", "14:11", "15:00:30", "15:12"):
                await evening.until(hour)
                assert evening.tv.scene is not None
                shown[hour] = evening.tv.scene.people_link

    play(whole())
    assert shown["13:50"] == shown["14:05"] != ""
    assert shown["13:50"].startswith("https://hop.gialai.example/heads/ia-kly/")
    assert {shown[hour] for hour in ("13:42", "14:11", "15:00:30", "15:12")} == {""}
