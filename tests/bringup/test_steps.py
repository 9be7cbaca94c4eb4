"""Hands are led through all steps, by what is seen or by time, and nobody needs a keyboard."""

from dataclasses import replace

import pytest

from services.bringup.checklist import CHECKS
from services.bringup.judges.use import CALL_S
from services.bringup.seen import Ending, Seen
from services.bringup.steps import STEPS, Wanted, advanced, left_s, step_of

WANTED = Wanted()
NAMES = [step.name for step in STEPS]


def at(name: str) -> Seen:
    return Seen(step=NAMES.index(name))


def test_without_any_hands_the_last_step_comes_in_time_and_stays() -> None:
    seen, passed_s = Seen(), 0.0
    while step_of(seen).name != "end":
        seen = advanced(seen, 5.0, WANTED)
        passed_s += 5.0
        assert passed_s < 3 * 3600
    assert advanced(seen, 1e6, WANTED).step == seen.step
    assert left_s(seen, WANTED) == float("inf")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("press", Seen(gestures=frozenset({"short"}))),
        ("plug", Seen(away_in_call=1, back_in_call=1)),
        ("socket", Seen(shown=frozenset({"HDMI-A-1", "HDMI-A-2"}))),
        ("stay", Seen(call_s=CALL_S)),
        ("restarts", Seen(restarts=10)),
        ("panic", Seen(panic="Kernel panic")),
        ("hang", Seen(hang="started again")),
        ("dark", Seen(late_tvs=1)),
        ("pulls", Seen(pulls=10)),
        ("stick", Seen(slots=("A", "B"))),
        ("back", Seen(slots=("A", "B", "A"))),
    ],
)
def test_a_step_that_was_done_is_over_at_once(name: str, seen: Seen) -> None:
    before = replace(seen, step=NAMES.index(name))
    assert advanced(before, 0.1, WANTED).step == before.step + 1
    assert advanced(at(name), 0.1, WANTED).step == (at(name).step + (name == "back"))


def test_a_board_that_is_too_slow_for_calls_waits_for_none() -> None:
    slow = replace(at("join"), no_calls=True)
    while step_of(slow).in_meeting:
        before, slow = slow.step, advanced(slow, 0.1, WANTED)
        assert slow.step == before + 1
    assert step_of(replace(at("press"), no_calls=True)).name == "press"


def test_what_the_card_could_not_do_itself_is_told() -> None:
    late = advanced(replace(at("restarts"), restarts=4), 1e5, WANTED)
    assert "slot check" in late.refused
    assert "slot check" in advanced(at("panic"), 1e5, WANTED).panic
    assert "slot check" in advanced(at("hang"), 1e5, WANTED).hang


def test_the_destructive_ones_come_after_all_that_they_could_spoil() -> None:
    last_meeting = max(number for number, step in enumerate(STEPS) if step.in_meeting)
    endings = [step.ending for step in STEPS[last_meeting + 1 :] if step.ending]
    assert endings == [Ending.RESTART, Ending.PANIC, Ending.HANG, Ending.BACK]
    assert not any(step.ending for step in STEPS[: last_meeting + 1])


def test_a_plug_is_pulled_only_once_the_slot_check_is_passed() -> None:
    plugs = [step for step in STEPS if "plug" in step.text and "Done" not in step.text]
    assert len(plugs) == 3
    assert all(step.after_check for step in plugs)


def test_a_step_asks_for_a_check_that_there_is() -> None:
    numbers = {check.number for check in CHECKS}
    assert {step.check for step in STEPS if step.check is not None} <= numbers


def test_a_number_of_another_release_is_the_last_step() -> None:
    assert step_of(Seen(step=999)).name == "end"
    assert step_of(Seen(step=-5)).name == "frames"
