"""Recordings play in real time, and what a stall missed is never sent in a burst."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.capture.pacing import FrameRateLimiter, Pace


def test_media_time_is_laid_onto_the_clock() -> None:
    pace = Pace()
    assert pace.due(0.0, 100.0) == 100.0
    assert pace.due(0.5, 100.1) == 100.5


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_after_any_stalls_frames_are_due_at_most_slack_late(stalls: list[float]) -> None:
    pace, now = Pace(slack_s=0.25), 50.0
    for index, stall in enumerate(stalls):
        due = pace.due(index / 30, now)
        assert due >= now - 0.25 - 1e-9
        now = max(now, due) + stall


def test_a_jump_ahead_is_not_waited_for() -> None:
    pace = Pace()
    pace.due(0.0, 10.0)
    assert pace.due(3600.0, 10.1) == pytest.approx(10.1)


@given(st.lists(st.floats(0.001, 0.2), max_size=300), st.sampled_from([5, 15, 30]))
def test_no_more_than_the_wanted_frames_pass(gaps: list[float], fps: int) -> None:
    limiter, at, kept = FrameRateLimiter(fps), 0.0, 0
    for gap in gaps:
        at += gap
        kept += limiter.accept(at)
    assert kept <= at * fps + 2.25


def test_a_jittery_camera_of_the_wanted_rate_loses_nothing() -> None:
    limiter = FrameRateLimiter(30)
    assert all(limiter.accept(i / 30 + (0.004 if i % 2 else -0.003)) for i in range(300))


def test_sixty_frames_become_thirty() -> None:
    limiter = FrameRateLimiter(30)
    assert sum(limiter.accept(i / 60) for i in range(600)) == 300
