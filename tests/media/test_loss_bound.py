"""One lost packet: the picture is whole within 200 ms and a round trip, and no sound is missed.

On a virtual clock, with real codecs: the figures are the same on every machine.
"""

import pytest

from tests.fast_loop import play
from tests.media.local_tracks import RATE
from tests.media.lossy_path import LossyPath
from tests.media.virtual_call import Line, losing

pytestmark = pytest.mark.timeout(600)
HEALED_S = 0.2
GAP_S = 0.04
SECONDS = 5.0
LOST = (100, 400)
"""Running numbers of packets, so far apart as an RMX answers questions for keyframes: 2.5 s."""


@pytest.mark.parametrize("trip_s", [0.02, 0.3], ids=["20ms", "300ms"])
@pytest.mark.parametrize("feedback", ["", "nack pli", "ccm fir", "nack, nack pli, ccm fir"])
def test_a_lost_packet_of_the_picture(feedback: str, trip_s: float) -> None:
    """Asked for by INFO, PLI, FIR, and where packets are sent again by NACK."""
    kinds = frozenset(word.strip() for word in feedback.split(",")) - {""}
    line = Line(LossyPath(delay_s=trip_s / 2), LossyPath(delay_s=trip_s / 2), feedback=kinds)
    with losing(line.there, *LOST) as arrivals:
        play(line.call(SECONDS))
    assert len(arrivals) == len(LOST)
    for at in arrivals.values():
        hit = round((at - trip_s / 2) * RATE)
        whole = min(shown for shown, number in line.seen.pictures if number >= hit)
        assert whole - at <= HEALED_S + trip_s
        shown_number = min(number for _, number in line.seen.pictures if number >= hit)
        assert shown_number == hit or shown_number in line.near.keyframes
    numbers = [number for _, number in line.seen.pictures]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] >= 30 * (SECONDS - trip_s) - 3
    assert bool(line.seen.asked) == (not kinds)


@pytest.mark.parametrize("codec", [(111, "opus", 48000), (9, "G722", 8000), (8, "PCMA", 8000)])
@pytest.mark.parametrize("jitter_s", [0.0, 0.04])
def test_a_lost_packet_of_the_sound(codec: tuple[int, str, int], jitter_s: float) -> None:
    line = Line(LossyPath(delay_s=0.03, jitter_s=jitter_s), LossyPath(delay_s=0.03), "audio", codec)
    with losing(line.there, 100, 171, 240, 311) as arrivals:
        play(line.call(8.0))
    assert len(arrivals) == 4
    assert max(line.seen.silences(), default=0.0) <= GAP_S
    assert max(line.seen.late_sounds()) <= GAP_S
    heard = line.track.statistics()
    assert heard.lost_packets == 4
    # A resampler's first packet is a little short, and jitter has to be learnt.
    assert heard.concealed_s <= 4 * 0.02 + (0.2 if jitter_s else 0.03)
    assert len(line.seen.sounds) * 0.02 >= 7.6


@pytest.mark.parametrize("loss", [0.02, 0.1])
def test_heavy_loss_ends_in_no_long_silence(loss: float) -> None:
    lossy = LossyPath(seed=3, delay_s=0.03, jitter_s=0.04, loss=loss)
    line = Line(lossy, LossyPath(delay_s=0.03), "audio", (9, "G722", 8000))
    play(line.call(10.0))
    assert line.there.dropped > 500 * loss / 2
    assert max(line.seen.late_sounds()) <= GAP_S
    assert max(line.seen.silences(), default=0.0) <= GAP_S
