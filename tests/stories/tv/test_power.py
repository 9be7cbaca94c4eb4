"""The TV of an evening: woken before the meeting, told of where it is not, asleep after it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.core.floor_control import Lamp
from appliance.media.tv.television import TvProblem
from appliance.wire.facts import EndpointFacts
from tests.fast_loop import play
from tests.hardware.display.scripted_tv import OUR_PATH, Character, ScriptedTv
from tests.stories.evening import Evening

Seen = TypeVar("Seen")


def evening_with(folder: Path, tv: ScriptedTv, begin: str = "13:48") -> Evening:
    """An evening at a box whose first adapter leads to that TV."""
    evening = Evening(folder, begin)
    (evening.board_root / "dev").mkdir(parents=True)
    (evening.board_root / "dev/cec0").touch()
    evening.open_adapter = lambda _: tv
    return evening


def facts(evening: Evening) -> EndpointFacts:
    """What health reads of the endpoint."""
    found = ENDPOINT_FILE.read(evening.folder / "run", evening.clock.now(), 20.0)
    assert found is not None
    return found


def at_hours(evening: Evening, *hours: str, look: Callable[[], Seen]) -> list[Seen]:
    """What `look` sees at each of those hours."""
    found: list[Seen] = []

    async def story() -> None:
        async with evening.powered():
            for hour in hours:
                await evening.until(hour)
                found.append(look())

    play(story())
    return found


def test_it_is_woken_ten_minutes_before_the_begin_and_put_to_sleep_when_people_are_gone(
    tmp_path: Path,
) -> None:
    tv = ScriptedTv(Character(hides_edid=True, wakes_s=4.0))
    evening = evening_with(tmp_path, tv)
    evening.meeting("a", "14:00", "15:00")
    seen = at_hours(
        evening, "13:49:30", "13:51", "14:30", "15:03", "15:04", "15:12",
        look=lambda: (tv.on, tv.on and tv.shown == OUR_PATH, facts(evening).tv),
    )  # fmt: skip
    assert seen == [
        (False, False, "no link"),
        (True, True, "on"),
        (True, True, "on"),
        (True, True, "on"),
        (True, True, "on"),
        (False, False, "no link"),
    ]


def test_doors_that_open_sooner_wake_it_sooner_and_a_second_time(tmp_path: Path) -> None:
    tv = ScriptedTv(Character())
    evening = evening_with(tmp_path, tv, "13:38")
    evening.meeting("a", "14:00", "14:10", doors=20)
    evening.meeting("b", "14:30", "15:00", doors=2)
    seen = []

    async def story() -> None:
        async with evening.powered():
            await evening.until("13:41")
            seen.append(tv.on)
            await evening.until("14:21")
            seen.append(tv.on)
            tv.press_power()  # by a hand, too early
            await evening.until("14:27:30")
            seen.append(tv.on)
            await evening.until("14:29")
            seen.append(tv.on)

    play(story())
    assert seen == [True, True, False, True]


@pytest.mark.parametrize("doors", [0, 12])
def test_one_that_does_not_answer_is_on_the_lamp_and_in_the_report_before_the_meeting(
    tmp_path: Path, doors: int
) -> None:
    tv = ScriptedTv(Character(takes=False))
    evening = evening_with(tmp_path, tv)
    evening.meeting("a", "14:00", "15:00", doors=doors)
    (seen,) = at_hours(
        evening, "13:52",
        look=lambda: (
            evening.tv.codes, facts(evening).problems, facts(evening).lamp, facts(evening).tv
        ),
    )  # fmt: skip
    assert "T1" in seen[0]
    assert "T1" in seen[1]
    assert seen[2:] == (Lamp.TV_DARK, "no peer")


def test_t1_ends_when_a_hand_switches_it_on(tmp_path: Path) -> None:
    tv = ScriptedTv(Character(wakes=False))
    evening = evening_with(tmp_path, tv)
    evening.meeting("a", "14:00", "15:00")
    seen = []

    async def story() -> None:
        async with evening.powered():
            await evening.until("13:52")
            seen.append((facts(evening).problems, facts(evening).lamp))
            tv.press_power()
            await evening.until("13:54")
            seen.append((facts(evening).problems, facts(evening).lamp))

    play(story())
    assert seen == [(("T1",), Lamp.TV_DARK), ((), Lamp.NEAR)]
    assert tv.shown == OUR_PATH


def test_a_vlc_that_fell_and_a_tv_that_does_not_answer_are_two_problems(tmp_path: Path) -> None:
    evening = evening_with(tmp_path, ScriptedTv(Character(takes=False)))
    evening.tv.problem = TvProblem.NO_PICTURE
    evening.meeting("a", "14:00", "15:00")
    (seen,) = at_hours(evening, "13:52", look=lambda: set(facts(evening).problems))
    assert {"T1", "T3"} <= seen


def test_another_input_in_the_meeting_is_t4(tmp_path: Path) -> None:
    tv = ScriptedTv(Character())
    evening = evening_with(tmp_path, tv)
    evening.meeting("a", "14:00", "15:00")

    async def story() -> tuple[str, ...]:
        async with evening.powered():
            await evening.until("14:10")
            tv.choose(0x2000)
            await evening.until("14:20")
            return facts(evening).problems

    assert play(story()) == ("T4",)


def test_a_meeting_that_a_hand_left_wakes_nothing_and_keeps_what_is_on(tmp_path: Path) -> None:
    tv = ScriptedTv(Character())
    evening = evening_with(tmp_path, tv)
    evening.meeting("a", "14:00", "16:00")

    async def story() -> tuple[bool, bool]:
        async with evening.powered() as conductor:
            await evening.until("14:10")
            conductor.hang_up()
            await evening.until("14:50")
            kept = tv.on  # it says that the meeting goes on, and how to come back
            await evening.until("16:30")
            return kept, tv.on

    assert play(story()) == (True, False)


def test_a_driver_that_raises_what_nobody_expects_ends_no_meeting(tmp_path: Path) -> None:
    tv = ScriptedTv(Character())
    evening = evening_with(tmp_path, tv)
    evening.meeting("a", "14:00", "15:00")
    tv.broken = RuntimeError("a bug of ours")  # type: ignore[assignment] # an unexpected kind
    (seen,) = at_hours(
        evening, "14:10",
        look=lambda: (evening.phases[-1], facts(evening).problem_details.get("P7")),
    )  # fmt: skip
    assert seen == ("in meeting", "TV")


def test_a_box_without_an_adapter_and_one_whose_settings_say_so_ask_nothing(
    tmp_path: Path,
) -> None:
    evening = Evening(tmp_path, "13:00")
    evening.meeting("a", "14:00", "15:00")
    (seen,) = at_hours(evening, "13:55", look=lambda: (facts(evening).problems, facts(evening).tv))
    assert seen == ((), "no adapter")
