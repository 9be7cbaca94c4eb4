"""What the encoder gives can be sent at once and read by any H.264 decoder."""

from __future__ import annotations

import errno
from typing import cast

import av
import numpy as np
import pytest
from aiortc.codecs.h264 import H264Encoder as Packetizer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from appliance.media.capture.i420 import plane
from appliance.media.codecs.h264_encoder import EncoderError, H264Encoder
from appliance.media.formats import Size
from tests.media.capture.recordings import coded_frame, decoded, read_number

SIZE = Size(320, 180)


def noisy(number: int) -> av.VideoFrame:
    frame = coded_frame(number, *SIZE)
    noise = np.random.default_rng(number).integers(0, 60, (SIZE.height, SIZE.width))
    plane(frame, 0)[:] = 60 + noise.astype(np.uint8)
    return frame


def units(data: bytes) -> list[int]:
    """NAL unit types of an Annex B access unit."""
    return [part[0] & 0x1F for part in data.split(b"\x00\x00\x01")[1:]]


def test_one_picture_in_one_access_unit_out() -> None:
    encoder = H264Encoder(("libx264",), SIZE, 30, 300_000)
    packets: list[Packet[Stream]] = []
    for number in range(20):
        made = encoder.encode(coded_frame(number, *SIZE), 1000 + number / 30, keyframe=False)
        assert len(made) == 1
        packets += made
    assert [read_number(luma) for luma in decoded(packets)] == list(range(20))
    assert [packet.is_keyframe for packet in packets] == [True] + [False] * 19
    assert packets[0].time_base == packets[1].time_base
    assert packets[0].time_base.denominator == 90_000
    assert [packet.pts for packet in packets[:3]] == [90_000_000, 90_003_000, 90_006_000]


def test_a_keyframe_on_request_carries_sps_and_pps_in_constrained_baseline() -> None:
    encoder = H264Encoder(("libx264",), SIZE, 30, 300_000)
    for number in range(5):
        encoder.encode(coded_frame(number, *SIZE), number / 30, keyframe=False)
    packet = encoder.encode(coded_frame(77, *SIZE), 5 / 30, keyframe=True)[0]
    assert packet.is_keyframe
    data = bytes(packet)
    assert [kind for kind in units(data) if kind in (7, 8, 5)] == [7, 8, 5]
    sps = data[data.index(b"\x00\x00\x01\x67") + 3 :]
    assert sps[1] == 66
    assert sps[2] & 0x40, "constraint_set1: Constrained Baseline"
    # a far end that comes in here sees the picture
    assert [read_number(luma) for luma in decoded([packet])] == [77]


def test_a_decoded_keyframe_is_not_taken_for_a_request() -> None:
    encoder = H264Encoder(("libx264",), SIZE, 30, 300_000)
    frame = coded_frame(1, *SIZE)
    encoder.encode(frame, 0.0, keyframe=True)
    assert not encoder.encode(frame, 0.1, keyframe=False)[0].is_keyframe


def test_the_bit_rate_follows_without_a_new_encoder() -> None:
    encoder = H264Encoder(("libx264",), SIZE, 30, 800_000)

    def second(begin: int) -> tuple[int, int]:
        made = [
            encoder.encode(noisy(n), n / 30, keyframe=False)[0] for n in range(begin, begin + 60)
        ]
        return sum(p.size for p in made[30:]) * 8, sum(p.is_keyframe for p in made)

    high, _ = second(0)
    encoder.set_bitrate(400_000)
    low, keyframes = second(60)
    assert keyframes == 0
    assert 0.8 < high / 800_000 < 1.2
    assert 0.8 < low / 400_000 < 1.2
    # far away from where it began, the VBV buffer would not fit: built anew, with a keyframe
    encoder.set_bitrate(100_000)
    lowest, keyframes = second(120)
    assert keyframes == 1
    assert lowest < 130_000


def test_the_next_encoder_is_tried_where_the_first_cannot_be_opened() -> None:
    encoder = H264Encoder(("no_such_codec", "libx264"), SIZE, 30, 300_000)
    assert encoder.name == "libx264"
    assert encoder.names == ("libx264",), "what failed is not tried again"
    with pytest.raises(EncoderError, match="no_such_codec"):
        H264Encoder(("no_such_codec",), SIZE, 30, 300_000)


def test_the_v4l2_encoder_is_known_to_ffmpeg_and_may_fail_to_open() -> None:
    assert av.Codec("h264_v4l2m2m", "w").name == "h264_v4l2m2m"
    encoder = H264Encoder(("h264_v4l2m2m", "libx264"), SIZE, 30, 300_000)
    assert encoder.name in ("h264_v4l2m2m", "libx264")


class RefusesAtTheFirstPicture(H264Encoder):
    """Its hardware encoder opens, and its driver then refuses to start the stream."""

    def _open(self, name: str) -> VideoCodecContext:
        if name == "hardware":
            return cast(VideoCodecContext, Refusing())
        return super()._open(name)


class Refusing:
    """A codec context that takes no picture."""

    def encode(self, _frame: av.VideoFrame) -> list[Packet[Stream]]:
        raise av.error.OSError(errno.ENOMEM, "STREAMON")


def test_the_next_encoder_is_tried_where_the_first_takes_no_picture() -> None:
    encoder = RefusesAtTheFirstPicture(("hardware", "libx264"), SIZE, 30, 300_000)
    assert encoder.name == "hardware"
    packets = encoder.encode(coded_frame(9, *SIZE), 0.0, keyframe=False)
    assert [read_number(luma) for luma in decoded(packets)] == [9]
    assert (encoder.name, encoder.names) == ("libx264", ("libx264",))


def test_aiortc_packs_our_packets() -> None:
    encoder = H264Encoder(("libx264",), SIZE, 30, 2_000_000)
    packet = encoder.encode(noisy(3), 2.0, keyframe=True)[0]
    payloads, timestamp = Packetizer().pack(packet)
    assert timestamp == 180_000
    assert len(payloads) > 2
    assert max(map(len, payloads)) <= 1300
    assert {payload[0] & 0x1F for payload in payloads} <= {1, 5, 6, 7, 8, 24, 28}
