"""RTP header extensions as far ends write them: the orientation, and wrong lengths."""

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import RtpPacket, pack_header_extensions
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.webrtc.header_extensions import (
    VIDEO_ORIENTATION,
    ExtensionsMap,
    orientation_of,
)

URIS = {
    1: "urn:ietf:params:rtp-hdrext:sdes:mid",
    3: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    4: VIDEO_ORIENTATION,
    5: "urn:ietf:params:rtp-hdrext:toffset",
}


def negotiated() -> ExtensionsMap:
    extensions = ExtensionsMap()
    parameters = RTCRtpParameters()
    parameters.headerExtensions = [
        RTCRtpHeaderExtensionParameters(id=number, uri=uri) for number, uri in URIS.items()
    ]
    extensions.configure(parameters)
    return extensions


def packet(profile: int, value: bytes) -> bytes:
    value += bytes(-len(value) % 4)
    head = b"\x90\x60" + bytes(10) + profile.to_bytes(2) + (len(value) // 4).to_bytes(2)
    return head + value + b"payload"


@pytest.mark.case("C16")
def test_the_orientation_beside_the_others() -> None:
    profile, value = pack_header_extensions([(1, b"v"), (4, b"\x01"), (3, b"\0\0\1")])
    parsed = RtpPacket.parse(packet(profile, value), negotiated())
    assert orientation_of(parsed) == 1
    assert (parsed.extensions.mid, parsed.extensions.abs_send_time) == ("v", 1)


@pytest.mark.case("C16")
@pytest.mark.parametrize("value", [b"", b"\x01\x02", b"\x01\x02\x03"])
def test_an_orientation_of_another_length_is_none(value: bytes) -> None:
    profile, coded = pack_header_extensions([(4, value)] if value else [])
    assert orientation_of(RtpPacket.parse(packet(profile, coded), negotiated())) is None


@pytest.mark.case("K1")
@pytest.mark.parametrize("number", [3, 5])
@pytest.mark.parametrize("value", [b"\0", b"\0\0", b"\0\0\0\0\0\0"])
def test_a_wrong_length_costs_the_extensions_alone(number: int, value: bytes) -> None:
    """It ended the transport, and with it the call."""
    profile, coded = pack_header_extensions([(number, value)])
    assert RtpPacket.parse(packet(profile, coded), negotiated()).payload == b"payload"


@pytest.mark.case("K1")
@given(st.sampled_from([0xBEDE, 0x1000, 0]), st.binary(max_size=60))
def test_whatever_is_in_them_only_a_value_error_comes_out(profile: int, value: bytes) -> None:
    try:
        RtpPacket.parse(packet(profile, value), negotiated())
    except ValueError:
        return
