"""One test for each private name of aiortc that the media engine uses: aiortc is pinned."""

import inspect
import re
from pathlib import Path

import aiortc
import pytest
from aiortc import (
    RTCIceTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
)
from aiortc.codecs.h264 import H264Encoder
from aiortc.rtcdtlstransport import RTCDtlsTransport, RtpRouter

from appliance.media.webrtc import connection, dtls_handshake, receiver, sender


def test_the_version_is_the_one_that_was_read() -> None:
    assert aiortc.__version__.split(".")[:2] == ["1", "16"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (RTCPeerConnection, "_RTCPeerConnection__createTransceiver"),
        (RTCPeerConnection, "_RTCPeerConnection__createDtlsTransport"),
        (RTCRtpReceiver, "_set_rtcp_ssrc"),
        (RTCRtpReceiver, "_handle_rtp_packet"),
        (RTCRtpReceiver, "_handle_rtcp_packet"),
        (RTCRtpReceiver, "_handle_disconnect"),
        (RTCRtpSender, "_handle_rtcp_packet"),
        (RTCRtpSender, "_next_encoded_frame"),
        (RTCRtpSender, "_retransmit"),
        (RTCRtpSender, "_send_rtcp"),
        (RTCRtpSender, "_send_keyframe"),
        (RTCDtlsTransport, "_register_rtp_receiver"),
        (RTCDtlsTransport, "_unregister_rtp_receiver"),
        (RTCDtlsTransport, "_send_rtp"),
        (RTCDtlsTransport, "_get_stats"),
        (RTCDtlsTransport, "_write_ssl"),
        (RtpRouter, "route_rtp"),
        (RTCRtpTransceiver, "_get_mline_index"),
        (H264Encoder, "pack"),
    ],
)
def test_a_method_is_there(owner: type, name: str) -> None:
    assert inspect.isfunction(getattr(owner, name))


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (RTCRtpTransceiver, "_RTCRtpTransceiver__sender"),
        (RTCRtpTransceiver, "_RTCRtpTransceiver__receiver"),
        (RTCRtpTransceiver, "_bundled"),
        (RTCRtpSender, "_RTCRtpSender__rtp_history"),
        (RTCRtpSender, "_stream_id"),
        (RTCRtpSender, "_ssrc"),
        (RTCRtpSender, "_enabled"),
        (RTCRtpReceiver, "_enabled"),
        (RTCRtpReceiver, "_track"),
        (RTCDtlsTransport, "_rtp_router"),
        (RTCDtlsTransport, "_rtp_header_extensions_map"),
        (RTCDtlsTransport, "_stats_id"),
        (RTCDtlsTransport, "_ssl"),
        (RTCIceTransport, "_send"),
    ],
)
async def test_an_attribute_is_there(owner: type, name: str) -> None:
    peer = RTCPeerConnection()
    transceiver = peer.addTransceiver("video")
    transport = transceiver.sender.transport
    senders = (transceiver, transceiver.sender, transceiver.receiver)
    objects = (*senders, transport, transport.transport)
    (thing,) = (one for one in objects if isinstance(one, owner))
    assert hasattr(thing, name)
    await peer.close()


def test_no_other_private_name_is_used() -> None:
    tested = Path(__file__).read_text("utf-8")
    for module in (connection, dtls_handshake, receiver, sender):
        source = inspect.getsource(module)
        used = set(re.findall(r"\b_RTC\w+__\w+", source))
        used |= set(re.findall(r"transport\.(_\w+)", source))
        assert used
        assert not {name for name in used if name not in tested}
