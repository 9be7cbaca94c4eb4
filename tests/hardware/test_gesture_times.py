"""The times of a gesture to the millisecond, and what is due when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.gestures import Gesture, Gestures, Timing

TIMES = Timing(settle=0.25, hold=2.0, held=6.0, stuck=16.0)
"""Numbers that a float holds exactly."""


def pressed_at(at: float) -> Gestures:
    button = Gestures(0.0, False, TIMES)
    assert button.edge(at, True) == []
    return button


def state(button: Gestures) -> tuple[float | None, bool]:
    """When it has to be looked at next, and whether it is taken for broken."""
    return button.due, button.stuck


def test_what_is_due_is_told_at_each_step_of_a_press() -> None:
    button = Gestures(0.0, False, TIMES)
    assert state(button) == (None, False)
    button.edge(1.0, True)
    assert button.pressed
    assert state(button) == (1.25, False)
    assert button.pass_time(1.25) == []
    assert state(button) == (3.0, False), "from the edge, not from when it had settled"
    assert button.pass_time(3.0) == [Gesture.LONG]
    assert state(button) == (7.0, False)
    assert button.pass_time(7.0) == [Gesture.HELD]
    assert state(button) == (17.0, False)
    assert button.pass_time(17.0) == [Gesture.STUCK]
    assert state(button) == (None, True)
    assert button.edge(20.0, False) == []
    assert state(button) == (20.25, True), "until it has settled"
    assert button.pass_time(20.25) == [Gesture.FREED]
    assert state(button) == (None, False)
    assert not button.pressed


@pytest.mark.parametrize(
    ("length", "meant"),
    [
        (0.125, []),
        (0.25, [Gesture.SHORT]),
        (1.875, [Gesture.SHORT]),
        (2.0, [Gesture.LONG, Gesture.RELEASED]),
        (5.875, [Gesture.LONG, Gesture.RELEASED]),
        (6.0, [Gesture.LONG, Gesture.HELD, Gesture.RELEASED]),
        (15.875, [Gesture.LONG, Gesture.HELD, Gesture.RELEASED]),
        (16.0, [Gesture.LONG, Gesture.HELD, Gesture.STUCK, Gesture.FREED]),
    ],
)
def test_a_press_of_exactly_so_long(length: float, meant: list[Gesture]) -> None:
    button = pressed_at(1.0)
    assert button.edge(1.0 + length, False) + button.pass_time(99.0) == meant


def test_a_late_look_gives_all_that_came_about_in_its_order() -> None:
    whole = [Gesture.LONG, Gesture.HELD, Gesture.STUCK]
    assert pressed_at(1.0).pass_time(99.0) == whole
    assert pressed_at(1.0).edge(99.0, False) == whole


def test_the_same_level_again_is_no_new_edge() -> None:
    button = pressed_at(1.0)
    assert button.edge(1.125, True) == []
    assert button.due == 1.25
    assert button.edge(2.0, True) == []
    assert button.pass_time(3.0) == [Gesture.LONG]


def test_two_presses_closer_than_the_settling_time_are_one() -> None:
    button = pressed_at(1.0)
    done = button.edge(1.5, False) + button.edge(1.625, True) + button.edge(2.0, False)
    assert done + button.pass_time(9.0) == [Gesture.SHORT]


@given(st.integers(0, 160), st.integers(0, 400))
def test_a_press_is_what_its_length_says_whenever_it_is_looked_at(eighths: int, look: int) -> None:
    length = eighths / 8
    button = pressed_at(1.0)
    done = button.pass_time(1.0 + min(look / 8, length))
    done += button.edge(1.0 + length, False)
    done += button.pass_time(60.0)
    if length < TIMES.settle:
        assert done == []
    elif length < TIMES.hold:
        assert done == [Gesture.SHORT]
    else:
        held = [Gesture.HELD] if length >= TIMES.held else []
        stuck = [Gesture.STUCK, Gesture.FREED] if length >= TIMES.stuck else [Gesture.RELEASED]
        assert done == [Gesture.LONG, *held, *stuck]
