"""The sent picture steps down before the heat switches the box off, and does not swing."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.cooling import (
    DOWN_C,
    MAX_STEPS,
    STEP_DOWN_S,
    STEP_UP_S,
    STOP_C,
    UP_C,
    Cooling,
    cooled,
)
from appliance.media.codecs.bitrate_ladder import BITRATE_LADDER


def after(
    measured: Sequence[tuple[float, float | None]], state: Cooling | None = None
) -> list[int]:
    """The steps after each of `measured`: second and temperature."""
    state, steps = state or Cooling(), []
    for now, celsius in measured:
        state = cooled(state, celsius, now)
        steps.append(state.steps)
    return steps


def test_the_first_step_comes_at_once_and_the_next_when_the_case_could_follow() -> None:
    seconds = [0.0, 2.0, STEP_DOWN_S - 0.1, STEP_DOWN_S, 2 * STEP_DOWN_S, 3 * STEP_DOWN_S]
    assert after([(at, DOWN_C) for at in seconds]) == [1, 1, 1, 2, 3, 4]


def test_pictures_stop_only_where_the_kernel_would_soon_switch_the_box_off() -> None:
    assert after([(at * 100.0, 85.9) for at in range(20)])[-1] == MAX_STEPS - 1
    assert after([(0.0, STOP_C)]) == [MAX_STEPS]
    assert after([(0.0, STOP_C), (1.0, STOP_C)], Cooling(3, -1.0)) == [MAX_STEPS, MAX_STEPS]


def test_it_goes_up_step_by_step_once_it_has_cooled() -> None:
    cool = [(at, UP_C - 0.1) for at in (STEP_UP_S - 1, STEP_UP_S, STEP_UP_S + 1, 2 * STEP_UP_S)]
    assert after(cool, Cooling(3, 0.0)) == [3, 2, 2, 1]
    assert after([(0.0, 40.0)]) == [0]


def test_between_the_two_and_without_a_sensor_nothing_changes() -> None:
    for state in (Cooling(0, 0.0), Cooling(2, 0.0), Cooling(MAX_STEPS, 0.0)):
        assert cooled(state, UP_C, 1e6) == state
        assert cooled(state, DOWN_C - 0.1, 1e6) == state
        assert cooled(state, None, 1e6) == state


@given(st.lists(st.one_of(st.none(), st.floats(-50.0, 150.0)), max_size=200))
def test_the_ladder_has_a_rung_for_each_step_and_steps_never_come_in_haste(
    measured: list[float | None],
) -> None:
    state = Cooling()
    for second, celsius in enumerate(measured):
        after_it = cooled(state, celsius, float(second))
        assert 0 <= after_it.steps <= MAX_STEPS == len(BITRATE_LADDER)
        if after_it.steps < state.steps:
            assert second - state.since >= STEP_UP_S
        state = after_it
