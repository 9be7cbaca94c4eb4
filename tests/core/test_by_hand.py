"""The gesture that leaves a meeting and comes back: row by row, and over random fingers."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.by_hand import (
    ANSWER_S,
    COUNTED_S,
    HOLD_S,
    LET_GO_S,
    NOTHING,
    ByHand,
    Did,
    Direction,
    Route,
    Sign,
    Step,
    Touch,
    at,
    next_change,
    sign,
    touch,
)

OUT, BACK = Route(Direction.LEAVE, "a"), Route(Direction.BACK, "a")
SHORT, LONG, HELD, RELEASED, STUCK = Touch
TAKEN, ORDINARY = Did.TAKEN, Did.ORDINARY


def state(step: Step, route: Route = OUT, button: str = "hand", until: float = 100.0) -> ByHand:
    return ByHand(step, route, button if step is not Step.ASKING else "", until)


@pytest.mark.parametrize(
    ("step", "route", "what", "then", "did"),
    [
        (Step.NOTHING, OUT, SHORT, Step.NOTHING, ORDINARY),
        (Step.NOTHING, OUT, LONG, Step.HOLDING, ORDINARY),
        (Step.NOTHING, OUT, HELD, Step.NOTHING, ORDINARY),
        (Step.NOTHING, OUT, RELEASED, Step.NOTHING, ORDINARY),
        (Step.NOTHING, BACK, SHORT, Step.NOTHING, ORDINARY),
        (Step.NOTHING, BACK, LONG, Step.HOLDING, TAKEN),
        (Step.HOLDING, OUT, HELD, Step.LET_GO, TAKEN),
        (Step.HOLDING, OUT, RELEASED, Step.NOTHING, TAKEN),
        (Step.HOLDING, OUT, STUCK, Step.NOTHING, ORDINARY),
        (Step.HOLDING, BACK, RELEASED, Step.NOTHING, Did.HELD_BRIEFLY),
        (Step.LET_GO, OUT, RELEASED, Step.ASKING, Did.ASKED),
        (Step.LET_GO, OUT, STUCK, Step.NOTHING, ORDINARY),
        (Step.LET_GO, BACK, RELEASED, Step.NOTHING, Did.CAME_BACK),
        (Step.LET_GO, BACK, STUCK, Step.NOTHING, ORDINARY),
        (Step.ASKING, OUT, SHORT, Step.NOTHING, TAKEN),
        (Step.ASKING, OUT, LONG, Step.NOTHING, Did.LEFT),
        (Step.ASKING, OUT, STUCK, Step.NOTHING, ORDINARY),
        (Step.ASKING, OUT, RELEASED, Step.ASKING, ORDINARY),
    ],
)
def test_a_row(step: Step, route: Route, what: Touch, then: Step, did: Did) -> None:
    before = NOTHING if step is Step.NOTHING else state(step, route)
    after, came_to = touch(before, "hand", what, route, 50.0)
    assert (after.step, came_to) == (then, did)


@pytest.mark.parametrize("what", Touch)
def test_without_a_way_nothing_begins(what: Touch) -> None:
    assert touch(NOTHING, "hand", what, None, 50.0) == (NOTHING, ORDINARY)


def test_another_meeting_or_the_end_of_this_one_ends_the_question() -> None:
    asking = state(Step.ASKING)
    assert at(asking, OUT, 99.9) == asking
    assert at(asking, Route(Direction.LEAVE, "b"), 99.0) == NOTHING
    assert at(asking, None, 99.0) == NOTHING
    assert at(asking, OUT, 100.0) == NOTHING
    assert touch(asking, "hand", LONG, OUT, 100.0)[1] is ORDINARY


def test_another_button_does_not_end_a_hold() -> None:
    holding = state(Step.HOLDING)
    assert touch(holding, "mute", SHORT, OUT, 50.0) == (holding, ORDINARY)
    assert touch(holding, "mute", RELEASED, OUT, 50.0) == (holding, ORDINARY)


def test_the_tv_counts_the_last_seconds_and_says_when_to_let_go() -> None:
    holding, _ = touch(NOTHING, "hand", LONG, OUT, 10.0)
    assert sign(holding, 10.0) is None, "who holds to speak does not see it flash"
    shown = [sign(holding, 10.0 + HOLD_S - left) for left in (3.0, 2.0, 0.5)]
    assert [one.seconds for one in shown if one] == [COUNTED_S, 2, 1]
    held, _ = touch(holding, "hand", HELD, OUT, 10.0 + HOLD_S)
    assert sign(held, 20.0) == Sign(Step.LET_GO, Direction.LEAVE)
    asking, _ = touch(held, "hand", RELEASED, OUT, 20.0)
    assert sign(asking, 20.0) == Sign(Step.ASKING, Direction.LEAVE, int(ANSWER_S))
    assert sign(asking, 29.5) == Sign(Step.ASKING, Direction.LEAVE, 1)
    assert sign(NOTHING, 20.0) is None


@given(st.sampled_from([Step.HOLDING, Step.ASKING, Step.LET_GO]), st.floats(0.0, 99.0))
def test_between_two_changes_the_sign_is_the_same(step: Step, now: float) -> None:
    it = state(step)
    change = next_change(it, now)
    assert change is not None
    assert change > now
    assert sign(it, now) == sign(it, now + (change - now) * 0.4)


@dataclass(frozen=True)
class Pressed:
    """A finger on a button for `length` seconds, `gap` after the one before."""

    gap: float
    length: float

    @property
    def touches(self) -> list[tuple[float, Touch]]:
        """What the panel says of it, each at its time since it began."""
        if self.length < 1.5:
            return [(self.length, SHORT)]
        held = [(5.0, HELD)] if self.length >= 5.0 else []
        end = (30.0, STUCK) if self.length >= 30.0 else (self.length, RELEASED)
        return [(1.5, LONG), *held, end]


fingers = st.lists(
    st.builds(
        Pressed,
        st.floats(0.1, 14.0),
        st.one_of(st.floats(0.1, 1.4), st.floats(1.5, 4.9), st.floats(5.0, 40.0)),
    ),
    max_size=12,
)


def evening(presses: list[Pressed], route: Route) -> list[tuple[int, Did]]:
    """What each touch came to, with the number of its press."""
    now, it, all_ = 0.0, NOTHING, []
    for number, one in enumerate(presses):
        now += one.gap
        for after, what in one.touches:
            it, did = touch(it, "hand", what, route, now + after)
            all_.append((number, did))
        now += one.length
    return all_


@given(fingers)
def test_nobody_leaves_but_by_two_holds_close_together(presses: list[Pressed]) -> None:
    for number, did in evening(presses, OUT):
        if did is Did.LEFT:
            asked, answer = presses[number - 1], presses[number]
            assert 5.0 <= asked.length < 30.0
            assert answer.length >= 1.5
            assert answer.gap + 1.5 <= ANSWER_S


@given(st.lists(st.builds(Pressed, st.floats(0.1, 14.0), st.floats(0.1, 4.9)), max_size=30))
def test_no_number_of_presses_below_five_seconds_leaves_or_asks(presses: list[Pressed]) -> None:
    """The clerk who raises the hand again and again, in anger or with a trembling finger."""
    done = {did for _, did in evening(presses, OUT)}
    assert done <= {ORDINARY, TAKEN}


@given(fingers)
def test_a_short_press_is_a_hand_wherever_no_question_stands(presses: list[Pressed]) -> None:
    asked_at, now = float("-inf"), 0.0
    done = evening(presses, OUT)
    for number, one in enumerate(presses):
        now += one.gap + one.length
        came_to = [did for which, did in done if which == number]
        if came_to == [TAKEN]:
            assert now < asked_at + ANSWER_S
        asked_at = now if Did.ASKED in came_to else asked_at


@given(fingers)
def test_one_hold_that_ends_comes_back_and_nothing_else_does(presses: list[Pressed]) -> None:
    for number, did in evening(presses, BACK):
        assert did is not Did.LEFT
        length = presses[number].length
        if did is Did.CAME_BACK:
            assert 5.0 <= length < 30.0
        if did is Did.HELD_BRIEFLY:
            assert 1.5 <= length < 5.0


def test_a_button_that_is_stuck_never_leaves_and_never_comes_back() -> None:
    for route in (OUT, BACK):
        done = [did for _, did in evening([Pressed(1.0, 40.0), Pressed(1.0, 40.0)], route)]
        assert set(done) <= {ORDINARY, TAKEN}
    assert HOLD_S + 1.5 + LET_GO_S == 30.0
