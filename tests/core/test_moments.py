"""A moment in two clocks stays as long ago as it was, whatever the wall clock is set to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.moments import STEP_S, Moment

NOON = 1_800_000_000.0
AGO = st.floats(0.0, 1e6)


@pytest.mark.case("C18")
@given(AGO, st.floats(-1e8, 1e8))
def test_it_is_as_long_ago_by_either_clock(ago: float, step: float) -> None:
    moment, now = Moment(NOON, 50.0), Moment(NOON + ago + step, 50.0 + ago)
    seen = moment.seen_from(now)
    assert now.wall - seen.wall == pytest.approx(ago, abs=STEP_S + 0.001)
    assert seen.monotonic == 50.0


@given(AGO, st.floats(-STEP_S / 2, STEP_S / 2))
def test_it_is_the_same_to_the_last_digit_while_the_clock_is_slewed(
    ago: float, drift: float
) -> None:
    moment = Moment(NOON, 50.0)
    assert moment.seen_from(Moment(NOON + ago + drift, 50.0 + ago)) is moment
