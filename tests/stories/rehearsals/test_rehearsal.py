"""The province asks for a rehearsal: the box tries its parts, joins for 20 s, and tells."""

from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.core.end_reasons import EndReason
from appliance.core.problems import Area, ProblemKey
from appliance.core.scenes import Screen
from appliance.dialers.api import Call, CallStatistics, DialError, VideoStatistics
from appliance.wire.facts import EndpointFacts, RehearsalWish
from appliance.wire.meeting import Meeting
from tests.fast_loop import play
from tests.stories.evening import Evening, at

GOOD_LINE = CallStatistics(rtt_ms=35.0, received_packets=2000)


def wish(hour: str, name: str = "a@1") -> RehearsalWish:
    return RehearsalWish(name=name, at=at(hour).timestamp(), meeting="a")


def told(evening: Evening) -> EndpointFacts:
    facts = ENDPOINT_FILE.read(evening.folder / "run", evening.clock.now(), 60.0)
    assert facts is not None
    return facts


async def well() -> ProblemKey | None:
    return None


@pytest.fixture
def evening(tmp_path: Path) -> Evening:
    evening = Evening(tmp_path, "12:50")
    evening.far.line = GOOD_LINE
    evening.self_test_steps = {Area.CAMERA: well}
    evening.meeting("a", "14:00", "15:00")
    return evening


def test_a_site_rehearses_once_and_says_how_it_went(evening: Evening) -> None:
    async def story() -> None:
        async with evening.powered():
            await evening.until("12:55")
            evening.province_says(rehearsal=wish("13:00"))
            await evening.until("12:59:58")
            assert not evening.far.dialed
            await evening.until("13:00:10")
            assert len(evening.far.live) == 1
            assert evening.devices.open
            assert not evening.devices.live  # nothing of the room goes out
            assert evening.tv.screen is Screen.SELFTEST
            await evening.until("13:01")
            assert not evening.far.live
            assert told(evening).rehearsal == "good"
            assert told(evening).rehearsal_call == (
                "picture=still sound=none arrived=yes rtt_ms=35 loss_percent=0.0"
            )
            await evening.until("13:09")
            assert len(evening.far.dialed) == 1
            evening.province_says(rehearsal=wish("13:10", "a@2"))
            await evening.until("13:11")
            assert len(evening.far.dialed) == 2

    play(story())
    assert "in meeting" not in evening.phases


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (CallStatistics(rtt_ms=35.0, received_packets=800, video=VideoStatistics(lost_packets=200)),
         "M4"),
        (CallStatistics(received_packets=800), "H12"),
        (CallStatistics(), "H6"),
    ],
)  # fmt: skip
def test_what_the_call_shows_is_named(evening: Evening, line: CallStatistics, code: str) -> None:
    evening.far.line = line

    async def story() -> None:
        async with evening.powered():
            evening.province_says(rehearsal=wish("12:51"))
            await evening.until("12:52")
            assert told(evening).rehearsal == code

    play(story())


def test_a_wrong_password_and_a_camera_that_fails_are_both_named(evening: Evening) -> None:
    async def refuse(meeting: Meeting) -> Call:
        raise DialError(EndReason.UNAUTHORISED, "403")

    async def black() -> ProblemKey | None:
        return ProblemKey.CAMERA_BLANK

    evening.dial = refuse
    evening.self_test_steps = {Area.CAMERA: black}

    async def story() -> None:
        async with evening.powered():
            evening.province_says(rehearsal=wish("12:51"))
            await evening.until("12:52")
            assert told(evening).rehearsal == "C2, H4"

    play(story())


@pytest.mark.parametrize("wished", ["12:30", "13:59:50"])
def test_a_meeting_comes_first_and_a_turn_long_past_is_left_out(
    evening: Evening, wished: str
) -> None:
    """One is too old when it is heard of; the other is broken off by the meeting."""

    async def story() -> None:
        async with evening.powered():
            evening.province_says(rehearsal=wish(wished))
            await evening.until("14:00:20")
            assert len(evening.far.live) == 1
            await evening.until("14:04")
            assert told(evening).phase == "in meeting"
            assert told(evening).rehearsal == ""

    play(story())
