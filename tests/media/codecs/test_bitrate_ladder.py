"""The picture steps down with the bit rate, stops in the end, and does not flap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.media.codecs.bitrate_ladder import BITRATE_LADDER, lowered, rung_for, within
from appliance.media.formats import Size


@given(st.lists(st.integers(0, 2_000_000), min_size=1, max_size=50))
def test_a_rung_is_always_one_that_the_rate_can_pay(rates: list[int]) -> None:
    rung = rung_for(rates[0], None, starting=True)
    for bps in rates:
        rung = rung_for(bps, rung)
        assert rung is None or bps >= rung.leave_bps
        assert rung is not None or bps < BITRATE_LADDER[-1].enter_bps


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000))
def test_the_same_rate_twice_is_the_same_rung(before: int, bps: int) -> None:
    rung = rung_for(bps, rung_for(before, None, starting=True))
    assert rung_for(bps, rung) == rung


def test_a_rate_that_swings_within_a_rung_does_not_flap() -> None:
    for rung in BITRATE_LADDER:
        now_on = rung_for(rung.enter_bps, None)
        for bps in (rung.leave_bps, rung.enter_bps, rung.leave_bps, rung.enter_bps):
            now_on = rung_for(bps, now_on)
            assert now_on == rung


def test_a_small_camera_is_never_scaled_up() -> None:
    assert within(BITRATE_LADDER[0], Size(640, 360), 25) == (Size(640, 360), 25)
    assert within(BITRATE_LADDER[2], Size(640, 480), 30) == (Size(480, 360), 30)


def test_what_is_left_out_of_the_ladder_is_not_sent_however_good_the_line_is() -> None:
    best, small = BITRATE_LADDER[0], BITRATE_LADDER[3]
    assert [lowered(best, steps) for steps in range(6)] == [*BITRATE_LADDER, None]
    assert lowered(small, 1) is small, "the line allows less than the heat does"
    assert lowered(small, 4) is BITRATE_LADDER[4]
    assert lowered(None, 0) is None
