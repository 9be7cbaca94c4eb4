"""The video bit rate gives way when the line is bad, comes back slowly, and does not flap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.media.formats import Size
from appliance.media.rate import (
    FLOOR_BPS,
    HOLD_S,
    LADDER,
    RISE_BPS_PER_S,
    RateControl,
    Report,
    rung_for,
    within,
)

HIGHEST = 1_500_000
reports = st.builds(
    Report,
    loss=st.floats(0, 1),
    rtt_s=st.none() | st.floats(0, 3),
    remb_bps=st.none() | st.integers(0, 10_000_000),
)
trains = st.lists(st.tuples(st.floats(0.05, 5), reports), max_size=60)


@given(trains)
def test_rate_stays_between_floor_and_ceiling(train: list[tuple[float, Report]]) -> None:
    control, now = RateControl.begin(HIGHEST), 0.0
    for gap, report in train:
        now += gap
        control = control.on_report(report, now)
        assert FLOOR_BPS <= control.video_bps <= HIGHEST
        if control.remb_bps is not None:
            assert control.video_bps <= max(FLOOR_BPS, control.remb_bps)


@given(trains)
def test_rate_never_rises_faster_than_its_slope(train: list[tuple[float, Report]]) -> None:
    control, now = RateControl.begin(HIGHEST), 0.0
    for gap, report in train:
        now += gap
        after = control.on_report(report, now)
        assert after.bps <= control.bps + RISE_BPS_PER_S * min(gap, 5.0) + 1
        control = after


def test_heavy_loss_brings_it_down_and_a_clean_line_up_again() -> None:
    control, now = RateControl.begin(HIGHEST), 0.0
    for _ in range(30):
        now += 1.0
        control = control.on_report(Report(loss=0.3), now)
    assert control.video_bps == FLOOR_BPS
    for _ in range(40):
        now += 1.0
        control = control.on_report(Report(loss=0.0), now)
    assert control.video_bps == HIGHEST


def test_one_overload_is_paid_for_once_and_then_held() -> None:
    control = RateControl.begin(HIGHEST).on_report(Report(loss=0.2), 10.0)
    once = control.bps
    assert control.on_report(Report(loss=0.2), 10.3).bps == once
    assert control.on_report(Report(loss=0.0), 10.0 + HOLD_S / 2).bps == once
    assert control.on_report(Report(loss=0.0), 10.0 + HOLD_S + 1).bps > once


def test_a_filling_queue_counts_before_anything_is_lost() -> None:
    control = RateControl.begin(HIGHEST).on_report(Report(loss=0.0, rtt_s=0.03), 1.0)
    assert control.on_report(Report(loss=0.0, rtt_s=0.5), 2.0).bps < control.bps


def test_a_little_loss_changes_nothing() -> None:
    control = RateControl.begin(HIGHEST)
    assert control.on_report(Report(loss=0.05), 100.0).bps == control.bps


@given(st.lists(st.integers(0, 2_000_000), min_size=1, max_size=50))
def test_a_rung_is_always_one_that_the_rate_can_pay(rates: list[int]) -> None:
    rung = rung_for(rates[0], None, starting=True)
    for bps in rates:
        rung = rung_for(bps, rung)
        assert rung is None or bps >= rung.leave_bps
        assert rung is not None or bps < LADDER[-1].enter_bps


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000))
def test_the_same_rate_twice_is_the_same_rung(before: int, bps: int) -> None:
    rung = rung_for(bps, rung_for(before, None, starting=True))
    assert rung_for(bps, rung) == rung


def test_a_rate_that_swings_within_a_rung_does_not_flap() -> None:
    for rung in LADDER:
        now_on = rung_for(rung.enter_bps, None)
        for bps in (rung.leave_bps, rung.enter_bps, rung.leave_bps, rung.enter_bps):
            now_on = rung_for(bps, now_on)
            assert now_on == rung


def test_a_small_camera_is_never_scaled_up() -> None:
    assert within(LADDER[0], Size(640, 360), 25) == (Size(640, 360), 25)
    assert within(LADDER[2], Size(640, 480), 30) == (Size(480, 360), 30)
