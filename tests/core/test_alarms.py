"""Alarms: evidence must last, a swinging value makes one alarm, and each clears by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.alarms import (
    DEFAULT,
    FORGET_S,
    PATIENCE,
    State,
    Verdict,
    Watch,
    above,
    below,
    holding,
    turn,
    when,
)
from appliance.core.problems import KINDS, ProblemKey

HOT = ProblemKey.HOT
CAMERA = ProblemKey.CAMERA_MISSING


def after(*rounds: tuple[float, State], key: ProblemKey = HOT) -> dict[ProblemKey, Watch]:
    watches: dict[ProblemKey, Watch] = {}
    for at, state in rounds:
        watches = turn(watches, [Verdict(key, state, f"at {at:g}")], at)
    return watches


def holds(watches: dict[ProblemKey, Watch], key: ProblemKey = HOT) -> bool:
    return any(held is key for held, _ in holding(watches))


def test_it_is_an_alarm_when_it_has_lasted_and_since_it_began() -> None:
    assert not holds(after((0.0, State.WRONG), (10.0, State.WRONG)))
    watches = after((0.0, State.WRONG), (10.0, State.WRONG), (20.0, State.WRONG))
    assert holds(watches)
    assert watches[HOT].since == 0.0
    assert watches[HOT].detail == "at 20"


def test_one_good_value_between_begins_anew() -> None:
    assert not holds(after((0.0, State.WRONG), (15.0, State.FINE), (25.0, State.WRONG)))


def test_between_the_thresholds_nothing_turns() -> None:
    hot = ((0.0, State.WRONG), (20.0, State.WRONG))
    assert holds(after(*hot, (30.0, State.UNSURE), (5000.0, State.UNSURE)))
    assert not holds(after((0.0, State.UNSURE), (5000.0, State.UNSURE)))


def test_it_clears_by_itself_when_it_has_been_fine_for_long_enough() -> None:
    hot = ((0.0, State.WRONG), (20.0, State.WRONG))
    assert holds(after(*hot, (30.0, State.FINE), (89.0, State.FINE)))
    assert not holds(after(*hot, (30.0, State.FINE), (90.0, State.FINE)))


def test_a_sensor_that_is_gone_keeps_no_alarm_for_ever() -> None:
    watches = after((0.0, State.WRONG), (20.0, State.WRONG))
    assert holds(turn(watches, [], 20.0 + FORGET_S - 1))
    assert not holds(turn(watches, [], 20.0 + FORGET_S))


def test_of_two_checks_of_one_problem_the_worse_counts() -> None:
    verdicts = [
        Verdict(ProblemKey.STORAGE, State.FINE, "canary"),
        Verdict(ProblemKey.STORAGE, State.WRONG, "3 errors"),
        Verdict(ProblemKey.STORAGE, State.UNSURE, "wear"),
    ]
    ((key, watch),) = holding(turn({}, verdicts, 0.0))
    assert (key, watch.detail) == (ProblemKey.STORAGE, "3 errors")


def test_the_worst_stands_first() -> None:
    keys = (ProblemKey.CARD_WORN, ProblemKey.CLOCK, ProblemKey.DISK_FULL)
    watches = turn({}, [Verdict(key, State.WRONG) for key in keys], 0.0)
    severities = [KINDS[key].severity for key, _ in holding(watches)]
    assert severities == sorted(severities, reverse=True)
    assert len(severities) == 3


@pytest.mark.parametrize(
    ("value", "state"),
    [(84.9, State.UNSURE), (85.0, State.WRONG), (80.0, State.UNSURE), (79.9, State.FINE)],
)
def test_above(value: float, state: State) -> None:
    assert above(HOT, value, wrong=85.0, fine=80.0, detail="").state is state


@pytest.mark.parametrize(
    ("value", "state"),
    [(4.9, State.WRONG), (5.0, State.UNSURE), (9.9, State.UNSURE), (10.0, State.FINE)],
)
def test_below(value: float, state: State) -> None:
    assert below(ProblemKey.DISK_FULL, value, wrong=5.0, fine=10.0, detail="").state is state


def test_when() -> None:
    assert when(CAMERA, True).state is State.WRONG
    assert when(CAMERA, False).state is State.FINE


@given(st.lists(st.tuples(st.floats(0.1, 120.0), st.sampled_from(State)), max_size=60))
def test_an_alarm_turns_only_after_its_patience(steps: list[tuple[float, State]]) -> None:
    """Over any walk: two turns of one alarm are at least its patience apart."""
    watches: dict[ProblemKey, Watch] = {}
    now, held, turned = 0.0, False, float("-inf")
    for wait, state in steps:
        now += wait
        watches = turn(watches, [Verdict(HOT, state)], now)
        if holds(watches) is not held:
            patience = PATIENCE.get(HOT, DEFAULT)
            needed = patience.fine_s if held else patience.wrong_s
            assert now - turned >= needed
            held, turned = not held, now


@given(st.sampled_from(ProblemKey), st.sampled_from(State))
def test_whatever_was_wrong_ends_when_all_is_fine(key: ProblemKey, state: State) -> None:
    watches = after((0.0, State.WRONG), (100.0, State.WRONG), (101.0, state), key=key)
    for at in (200.0, 900.0):
        watches = turn(watches, [Verdict(key, State.FINE)], at)
    assert not holding(watches)
