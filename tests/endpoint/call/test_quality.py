"""The line is judged by what came in since the last look."""

import pytest

from appliance.core.scenes import LineQuality
from appliance.dialers.api import CallStatistics, VideoStatistics
from services.endpoint.call.quality import MAX_SAMPLES, Quality


def seen(received: int, lost: int, rtt_ms: float | None = 20.0) -> CallStatistics:
    return CallStatistics(
        video=VideoStatistics(lost_packets=lost), received_packets=received, rtt_ms=rtt_ms
    )


@pytest.mark.parametrize(
    ("received", "lost", "rtt_ms", "line"),
    [
        (1000, 0, 20, LineQuality.GOOD),
        (1000, 0, None, LineQuality.GOOD),
        (980, 20, 20, LineQuality.FAIR),
        (900, 100, 20, LineQuality.POOR),
        (1000, 0, 350, LineQuality.FAIR),
        (1000, 0, 700, LineQuality.POOR),
        (20, 20, 20, LineQuality.UNKNOWN),
    ],
)
def test_the_first_look(received: int, lost: int, rtt_ms: float | None, line: LineQuality) -> None:
    assert Quality().of(seen(received, lost, rtt_ms)) is line


def test_only_what_is_new_counts() -> None:
    quality = Quality()
    assert quality.of(seen(900, 100)) is LineQuality.POOR
    assert quality.of(seen(910, 100)) is LineQuality.UNKNOWN
    assert quality.of(seen(1900, 100)) is LineQuality.GOOD


def test_the_figures_are_those_of_the_newest_looks() -> None:
    quality = Quality()
    assert quality.figures == {}
    quality.of(seen(500, 500, None))
    assert quality.figures == {"loss_percent": 50.0}
    for look in range(1, MAX_SAMPLES + 1):
        quality.of(seen(500 + look * 98, 500 + look * 2, 41.23))
    assert quality.figures == {"loss_percent": 2.0, "rtt_ms": 41.2}
