"""The round trip of a WebRTC sender, when no packet is sent, and when the wall clock is set."""

import random

from aiortc.rtp import RtcpReceiverInfo

from appliance.media.rtp.send_rate import SendRate
from appliance.media.webrtc.round_trip import TICKS, RoundTrip

SSRC = 7
TRIP_S = 0.03


def block(named: int, since_s: float) -> RtcpReceiverInfo:
    """What the far end reports so long after a report of ours came."""
    return RtcpReceiverInfo(
        SSRC, 0, 0, 0, 0, lsr=named >> 16 & 0xFFFFFFFF, dlsr=int(since_s * TICKS)
    )


def date(second: int) -> int:
    """An NTP time."""
    return (3_900_000_000 + second) << 32


def test_it_is_what_the_reports_say_smoothed() -> None:
    trip = RoundTrip()
    assert trip.seconds is None
    for second in range(60):
        trip.sent(date(second), float(second))
        trip.heard(block(date(second), 0.4), second + 0.4 + (TRIP_S if second < 30 else 0.2))
        assert trip.seconds is not None
        assert TRIP_S * 0.99 < trip.seconds < 0.2
    assert trip.seconds is not None
    assert trip.seconds > 0.19


def test_a_picture_that_was_stopped_comes_back() -> None:
    """Its reports all have the date of its last packet, and the far end answers any of them."""
    trip, rate, dice = RoundTrip(), SendRate(), random.Random(1)
    now = came_at = 0.0
    for second in range(40):
        now += dice.uniform(0.5, 1.5)
        trip.sent(date(min(10, second)), now)
        answered_at = now + dice.uniform(0.1, 0.4)
        # Every second answer comes when the next report is on its way already.
        if second % 2:
            trip.heard(block(date(min(second, 10)), answered_at - came_at), answered_at + TRIP_S)
        came_at = now
        rate.loss(0.0, now, trip.seconds)
    assert trip.seconds is None or trip.seconds >= 0.0
    assert rate.bps >= 1_500_000
    assert rate.video


def test_a_far_end_that_does_not_count_is_not_believed() -> None:
    trip = RoundTrip()
    trip.sent(date(1), 100.0)
    trip.heard(block(date(1), 0.4), 100.43)
    known = trip.seconds
    for answer, now in (
        (block(date(1), 3000.0), 101.0),
        (block(date(1), 0.1), 4000.0),
        (block(date(2), 0.1), 101.0),
        (RtcpReceiverInfo(SSRC, 0, 0, 0, 0, lsr=0, dlsr=0), 101.0),
    ):
        trip.heard(answer, now)
    assert trip.seconds == known
