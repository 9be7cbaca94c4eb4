"""Alarms: evidence must last, a swinging value makes one alarm, and each clears by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.alarms import (
    DEBOUNCE,
    DEFAULT_DEBOUNCE,
    STALE_S,
    AlarmState,
    Observation,
    State,
    above,
    active_alarms,
    below,
    update,
    when,
)
from appliance.core.problems import KINDS, ProblemKey

HOT = ProblemKey.HOT
CAMERA = ProblemKey.CAMERA_MISSING


def after(*rounds: tuple[float, State], key: ProblemKey = HOT) -> dict[ProblemKey, AlarmState]:
    states: dict[ProblemKey, AlarmState] = {}
    for at, state in rounds:
        states = update(states, [Observation(key, state, f"at {at:g}")], at)
    return states


def holds(states: dict[ProblemKey, AlarmState], key: ProblemKey = HOT) -> bool:
    return any(held is key for held, _ in active_alarms(states))


def test_it_is_an_alarm_when_it_has_lasted_and_since_it_began() -> None:
    assert not holds(after((0.0, State.WRONG), (10.0, State.WRONG)))
    states = after((0.0, State.WRONG), (10.0, State.WRONG), (20.0, State.WRONG))
    assert holds(states)
    assert states[HOT].since == 0.0
    assert states[HOT].detail == "at 20"


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
    states = after((0.0, State.WRONG), (20.0, State.WRONG))
    assert holds(update(states, [], 20.0 + STALE_S - 1))
    assert not holds(update(states, [], 20.0 + STALE_S))


def test_of_two_checks_of_one_problem_the_worse_counts() -> None:
    observations = [
        Observation(ProblemKey.STORAGE, State.FINE, "canary"),
        Observation(ProblemKey.STORAGE, State.WRONG, "3 errors"),
        Observation(ProblemKey.STORAGE, State.UNSURE, "wear"),
    ]
    ((key, alarm),) = active_alarms(update({}, observations, 0.0))
    assert (key, alarm.detail) == (ProblemKey.STORAGE, "3 errors")


def test_the_worst_stands_first() -> None:
    keys = (ProblemKey.CARD_WORN, ProblemKey.CLOCK, ProblemKey.DISK_FULL)
    states = update({}, [Observation(key, State.WRONG) for key in keys], 0.0)
    severities = [KINDS[key].severity for key, _ in active_alarms(states)]
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
def test_an_alarm_turns_only_after_its_debounce(steps: list[tuple[float, State]]) -> None:
    """Over any walk: two turns of one alarm are at least its debounce apart."""
    states: dict[ProblemKey, AlarmState] = {}
    now, held, turned = 0.0, False, float("-inf")
    for wait, state in steps:
        now += wait
        states = update(states, [Observation(HOT, state)], now)
        if holds(states) is not held:
            debounce = DEBOUNCE.get(HOT, DEFAULT_DEBOUNCE)
            needed = debounce.clear_s if held else debounce.raise_s
            assert now - turned >= needed
            held, turned = not held, now


@given(st.sampled_from(ProblemKey), st.sampled_from(State))
def test_whatever_was_wrong_ends_when_all_is_fine(key: ProblemKey, state: State) -> None:
    states = after((0.0, State.WRONG), (100.0, State.WRONG), (101.0, state), key=key)
    for at in (200.0, 900.0):
        states = update(states, [Observation(key, State.FINE)], at)
    assert not active_alarms(states)
