"""One test for each private name of aiortc that the room stands on."""

import inspect

from aiortc import RTCDtlsTransport, RTCIceGatherer


def test_packets_are_handed_over_in_two_places() -> None:
    rtp = inspect.signature(RTCDtlsTransport._handle_rtp_data)
    assert list(rtp.parameters) == ["self", "data", "arrival_time_ms"]
    rtcp = inspect.signature(RTCDtlsTransport._handle_rtcp_data)
    assert list(rtcp.parameters) == ["self", "data"]
    calls = inspect.getsource(RTCDtlsTransport._recv_next)
    assert "self._handle_rtp_data(data, arrival_time_ms=" in calls
    assert "self._handle_rtcp_data(data)" in calls


def test_packets_are_sent_encrypted_in_one() -> None:
    assert list(inspect.signature(RTCDtlsTransport._send_rtp).parameters) == ["self", "data"]


def test_the_dtls_role_is_set_from_outside() -> None:
    assert list(inspect.signature(RTCDtlsTransport._set_role).parameters) == ["self", "role"]


async def test_the_ice_role_is_set_before_any_check() -> None:
    assert RTCIceGatherer(iceServers=[])._connection.ice_controlling is False
