"""What is made of measurements, and the page that tells it."""

import pytest

from tests.benchmark.report.figures import (
    Aim,
    aims,
    late,
    longest_stand,
    middle,
    picture_delays,
    ratio,
    sound_delays,
)
from tests.benchmark.report.table import markdown, number


def test_delays_are_of_what_was_seen() -> None:
    taken = {1: 10.0, 2: 10.033, 3: 10.066}
    assert picture_delays(taken, {1: 10.1, 3: 10.266, 9: 11.0}) == pytest.approx([100, 200])


def test_what_was_seen_before_it_was_taken_is_an_older_picture_of_that_number() -> None:
    assert picture_delays({1: 10.0}, {1: 9.0}) == []


def test_each_tone_is_the_next_one_that_is_heard() -> None:
    heard = [1.1, 1.62, 2.7]
    assert sound_delays([1.0, 1.5, 2.0, 2.5], heard) == pytest.approx([100, 120, 200])


def test_the_longest_stand_counts_whole_wherever_it_begins() -> None:
    times = [1.0, 1.1, 1.5, 1.6, 5.0]
    assert longest_stand(times, 1.2, 2.0) == pytest.approx(3400)
    assert longest_stand(times, 1.2, 1.55) == pytest.approx(400)
    assert longest_stand([1.0], 0.0, 2.0) is None


def test_nothing_has_no_median_and_no_ratio() -> None:
    assert (middle([]), late([1.0]), ratio(1.0, None), ratio(None, 1.0), ratio(1.0, 0.0)) == (
        None,
    ) * 5
    assert middle([3, 1, 2]) == 2
    assert late(list(range(101))) == pytest.approx(95, abs=1)


@pytest.mark.parametrize(("reached", "met"), [(0.65, True), (0.66, False), (None, None)])
def test_an_aim(reached: float | None, met: bool | None) -> None:
    assert Aim("", 0.65, "", reached).met is met


def call(cpu: float, memory: float, first: float, behind: float | None) -> dict[str, object]:
    return {
        "cpu": cpu,
        "cpu_windows": [cpu],
        "peak_mb": memory,
        "processes": 2,
        "first_picture_ms": first,
        "picture_delay_ms": 88.0,
        "picture_delay_p95_ms": 95.0,
        "sound_behind_picture_ms": behind,
        "longest_stand_ms": 35.0,
        "stands_ms": [36.0, 40.0, 300.0],
        "sends": {"fps": 30.0, "width": 1280, "height": 720},
    }


CALLS = {
    "software-720": call(0.3, 150.0, 200.0, -50.0),
    "own-h264-720": call(0.2, 140.0, 250.0, None),
    "chromium-720": call(0.6, 500.0, 500.0, 20.0),
}


def test_the_aims_are_ratios_within_the_run() -> None:
    found = {aim.what: aim for aim in aims(CALLS)}
    assert found["CPU of Chromium's, 720p, software encoding"].reached == pytest.approx(0.5)
    assert found["CPU of Chromium's, 720p, the camera's own H.264"].met is True
    assert found["memory of Chromium's, 720p, software encoding"].reached == pytest.approx(0.3)
    assert found["the same, of Chromium's"].reached == pytest.approx(0.45)
    assert found["sound apart from picture, 720p"].reached == 50.0
    assert found["sound apart from picture, 720p"].met is False
    assert found["picture stands for one lost packet, median"].reached == 40.0
    assert found["CPU of Chromium's, 360p, software encoding"].met is None


def test_the_page_tells_what_was_not_measured() -> None:
    run = {
        "machine": "two processors",
        "busy_before": 0.1,
        "seconds": 300,
        "no_losses": "nft is not installed",
        "floor": {"720": {"h264_encode": 0.1, "h264_decode": 0.05}},
        "calls": CALLS,
    }
    page = markdown(run)
    assert "| CPU of Chromium's, 720p, software encoding | 0.65 | 0.50 | yes |" in page
    assert "not measured" in page
    assert "nft is not installed" in page
    assert "## 720p" in page
    assert "## 360p" not in page
    assert "0.150 | 0.25" in page
    assert number(None, "ms") == "–"
