"""WebRTC connections whose receivers and senders are ours; aiortc does ICE, DTLS and SRTP.

This module and its neighbours `dtls_handshake`, `receiver` and `sender` are the only ones of the
media that use aiortc's private names; aiortc is pinned to one minor version, with one test per
name.
"""

import logging
from collections.abc import Sequence

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.codecs import get_capabilities
from aiortc.rtcdtlstransport import RTCDtlsTransport, RtpReceiver, RtpRouter
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.rtp import RtpPacket

from appliance.media.jitter.clock import FarClock
from appliance.media.rtp.send_rate import SendRate
from appliance.media.webrtc.descriptions import NegotiationError, TakenAnswer, TakenOffer
from appliance.media.webrtc.dtls_handshake import Handshake
from appliance.media.webrtc.header_extensions import ExtensionsMap, offer_orientation
from appliance.media.webrtc.receiver import Receiver
from appliance.media.webrtc.sender import Sender

log = logging.getLogger(__name__)

_PREFERRED = {"video": "video/H264", "audio": "audio/opus"}
MAX_RECEIVE_BPS = 2_500_000
"""What a far end may send us: half of a commune's line."""


offer_orientation()


def _preferences(kind: str) -> list[RTCRtpCodecCapability]:
    """The codecs of `kind`, first the one in which our near tracks deliver packets."""
    return sorted(
        get_capabilities(kind).codecs, key=lambda codec: codec.mimeType != _PREFERRED[kind]
    )


class _Router(RtpRouter):
    """Finds the receiver by the MID extension first (RFC 8843 section 9.2).

    Without it two videos in one connection that share a payload type can only be told apart
    when the description names their SSRCs, and a far end may change those at any time.
    """

    def route_rtp(self, packet: RtpPacket) -> RtpReceiver | None:
        mid = packet.extensions.mid
        receiver = self.mid_table.get(mid) if mid else None
        if receiver is None:
            return super().route_rtp(packet)
        self.ssrc_table[packet.ssrc] = receiver
        return receiver


class Connection(RTCPeerConnection):
    """An RTCPeerConnection with our receivers (their tracks are FarTracks) and senders.

    All its far tracks share `clock`, all its senders `send_rate`.
    """

    def __init__(
        self, configuration: RTCConfiguration, *, receive_bps: int, send_rate: SendRate
    ) -> None:
        self.clock = FarClock()
        self.send_rate = send_rate
        self._receive_bps = receive_bps
        self.refused: frozenset[str] = frozenset()
        """What of the last remote description is not used: in an offer the mids of media whose
        codec we do not take, in an answer the kinds that the far end does not take."""
        super().__init__(configuration)

    @property
    def round_trip_s(self) -> float | None:
        """The round trip that receiver reports show; None before the first, or never."""
        for transceiver in self.getTransceivers():
            sender = transceiver.sender
            if isinstance(sender, Sender) and sender.round_trip_s is not None:
                return sender.round_trip_s
        return None

    async def answer(self, offer: str) -> str:
        """Take a far end's offer; gives our answer. Raises NegotiationError.

        A medium whose codec we do not take is rejected in it, and named in `refused`.
        """
        taken = TakenOffer.of(offer)
        try:
            await self._set_remote(RTCSessionDescription(taken.text, "offer"))
            await self.setLocalDescription(await self.createAnswer())
        except Exception as error:
            raise NegotiationError(f"the far end's offer cannot be taken: {error!r}") from error
        self.refused = taken.refused
        return taken.answer(self.localDescription.sdp)

    async def setRemoteDescription(  # noqa: N802 - aiortc's name
        self,
        sessionDescription: RTCSessionDescription,  # noqa: N803
    ) -> None:
        """As in aiortc, also for a far end whose description aiortc does not take as it is, or that
        lists our media in another order.

        Raises NegotiationError, whatever aiortc raises, for what a stranger's text can raise there
        is no closed set; the connection is then good for nothing more.
        """
        text, kind = sessionDescription.sdp, sessionDescription.type
        try:
            if kind == "offer":
                offer = TakenOffer.of(text)
                refused, text = offer.refused, offer.text
            else:
                answer = TakenAnswer.of(text, self.localDescription.sdp)
                refused, text = answer.refused, answer.text
            await self._set_remote(RTCSessionDescription(text, kind))
        except NegotiationError:
            raise
        except Exception as error:
            raise NegotiationError(f"the far end's {kind} cannot be taken: {error!r}") from error
        self.refused = refused

    async def close(self) -> None:
        """As in aiortc, also after a NegotiationError has left it half made."""
        try:
            await super().close()
        except AttributeError as error:
            log.warning("near → a connection that was half made: %r", error)

    async def _set_remote(self, description: RTCSessionDescription) -> None:
        """aiortc 1.16 takes the first transceiver's transport, which all share in one bundle, for
        one that the bundle made superfluous, and stops it, when an offer begins with another.
        """
        for transceiver in self.getTransceivers():
            transceiver._bundled = True
        try:
            await super().setRemoteDescription(description)
        finally:
            # Candidates that come later are for the first medium of the bundle.
            lines = [t for t in self.getTransceivers() if t._get_mline_index() is not None]
            if lines:
                min(lines, key=lambda t: t._get_mline_index() or 0)._bundled = False

    def _RTCPeerConnection__createTransceiver(  # noqa: N802 - aiortc's private name
        self, direction: str, kind: str, sender_track: MediaStreamTrack | None = None
    ) -> RTCRtpTransceiver:
        create = super()._RTCPeerConnection__createTransceiver  # type: ignore[misc]
        transceiver: RTCRtpTransceiver = create(direction, kind, sender_track)
        transport = transceiver.receiver.transport
        sender = Sender(sender_track or kind, transport, self.send_rate)
        sender._stream_id = transceiver.sender._stream_id
        receiver = Receiver(kind, transport, self.clock, sender, self._receive_bps)
        receiver._set_rtcp_ssrc(sender._ssrc)
        transceiver._RTCRtpTransceiver__sender = sender  # type: ignore[attr-defined]
        transceiver._RTCRtpTransceiver__receiver = receiver  # type: ignore[attr-defined]
        transceiver.setCodecPreferences(_preferences(kind))
        return transceiver

    def _RTCPeerConnection__createDtlsTransport(self) -> RTCDtlsTransport:  # noqa: N802
        create = super()._RTCPeerConnection__createDtlsTransport  # type: ignore[misc]
        transport: RTCDtlsTransport = create()
        transport._rtp_router = _Router()
        transport._rtp_header_extensions_map = ExtensionsMap()
        Handshake(transport)
        return transport


def connection(
    *,
    ice_servers: Sequence[RTCIceServer] = (),
    receive_bps: int = MAX_RECEIVE_BPS,
    send_rate: SendRate | None = None,
) -> Connection:
    """A connection as the dialers use it.

    Without `ice_servers` no server is asked for addresses. `receive_bps` is the most that the far
    end may send (REMB). All media travel in one bundle.
    """
    configuration = RTCConfiguration(
        iceServers=list(ice_servers), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
    )
    return Connection(configuration, receive_bps=receive_bps, send_rate=send_rate or SendRate())
