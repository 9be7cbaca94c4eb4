"""VP8 for rooms that take no H.264: keyframes on request, the bit rate that is asked for."""

import pytest

from appliance.media.codecs.decoders import VIDEO_DECODERS
from appliance.media.codecs.vp8_encoder import Vp8Encoder
from appliance.media.formats import Size
from tests.media.local_tracks import HEIGHT, WIDTH, number_of, numbered

SIZE = Size(WIDTH, HEIGHT)


@pytest.mark.case("K2")
def test_each_picture_comes_out_at_once_and_is_decoded() -> None:
    encoder = Vp8Encoder(SIZE, 30, 900_000)
    decoder = VIDEO_DECODERS["vp8"]()
    for number in range(20):
        packets = encoder.encode(numbered(number), number / 30, keyframe=number == 10)
        assert [p.is_keyframe for p in packets] == [number in (0, 10)]
        assert packets[0].pts == number * 3000
        (frame,) = decoder.decode(bytes(packets[0]))
        assert number_of(frame) == number


@pytest.mark.case("K2")
@pytest.mark.parametrize("bps", [400_000, 600_000, 1_500_000])
def test_the_bit_rate_is_kept_and_changed(bps: int) -> None:
    encoder = Vp8Encoder(SIZE, 30, 300_000)
    encoder.set_bitrate(bps)
    sizes = [
        len(bytes(packet))
        for number in range(60)
        for packet in encoder.encode(numbered(number), number / 30, keyframe=False)
    ]
    assert sum(sizes[30:]) * 8 < 1.6 * bps


@pytest.mark.case("K2")
def test_a_small_change_of_the_rate_costs_no_keyframe() -> None:
    encoder = Vp8Encoder(SIZE, 30, 300_000)
    keys = []
    for number in range(10):
        encoder.set_bitrate(300_000 + number * 5_000)
        keys += [
            p.is_keyframe for p in encoder.encode(numbered(number), number / 30, keyframe=False)
        ]
    assert keys == [True] + [False] * 9
    encoder.set_bitrate(1_000_000)
    (packet,) = encoder.encode(numbered(11), 1.0, keyframe=False)
    assert packet.is_keyframe
