"""H.264 into packets of both modes, put together again by the jitter buffer's format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.codecs.decoders import VideoDecoder
from appliance.media.codecs.h264_encoder import H264Encoder
from appliance.media.formats import Size
from appliance.media.jitter.payload_formats import H264
from appliance.media.rtp.h264_payload import MAX_PAYLOAD_BYTES, bps_within, nal_units, packetise
from tests.media.local_tracks import numbered

START = b"\0\0\0\1"


def coded(parts: list[bytes]) -> bytes:
    return b"".join(START + part for part in parts)


nal = st.builds(
    lambda head, body: bytes([head]) + body.replace(b"\0", b"\1") + b"\x80",
    st.sampled_from([0x67, 0x68, 0x65, 0x41, 0x06]),
    st.binary(max_size=40) | st.binary(min_size=1_000, max_size=5_000),
)


@given(st.lists(nal, min_size=1, max_size=6), st.integers(20, 1_300))
def test_mode_1_carries_everything_in_packets_of_the_limit(parts: list[bytes], limit: int) -> None:
    payloads = packetise(coded(parts), 1, limit)
    assert max(map(len, payloads)) <= limit
    assert b"".join(map(H264.depayload, payloads)) == coded(parts)


@given(st.lists(nal, min_size=1, max_size=6))
def test_mode_0_carries_whole_units_or_says_so(parts: list[bytes]) -> None:
    if max(map(len, parts)) > MAX_PAYLOAD_BYTES:
        with pytest.raises(ValueError, match="does not fit"):
            packetise(coded(parts), 0)
    else:
        assert packetise(coded(parts), 0) == parts


def test_start_codes_of_both_lengths() -> None:
    stream = b"\0\0\0\1\x67a\0\0\1\x68b\0\0\0\1\x65c\0\0"
    assert list(nal_units(stream)) == [b"\x67a", b"\x68b", b"\x65c"]
    assert list(nal_units(b"no start code")) == []


def test_our_encoder_cuts_slices_for_mode_0() -> None:
    encoder = H264Encoder(("libx264",), Size(640, 360), 30, 1_500_000, sliced=True)
    decoder = VideoDecoder("h264")
    for number in range(20):
        (access_unit,) = encoder.encode(numbered(number), number / 30, keyframe=number % 7 == 0)
        payloads = packetise(bytes(access_unit), 0)
        assert max(map(len, payloads)) <= MAX_PAYLOAD_BYTES
        assert len(decoder.decode(b"".join(map(H264.depayload, payloads)))) == 1


def test_a_far_ends_limits_as_bit_rates() -> None:
    assert bps_within(3_600, 108_000) is None
    assert bps_within(1_620, 40_500) == 399_999  # level 3: 640x360
    assert bps_within(396, 11_880) == 139_999  # CIF: 320x180
