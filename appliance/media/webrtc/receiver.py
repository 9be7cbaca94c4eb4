"""A WebRTC receiver that gives RTP and sender reports to a FarTrack and sends RTCP for it."""

import asyncio
import logging
import random
import time
from datetime import UTC, datetime

from aiortc import MediaStreamTrack, RTCRtpReceiver
from aiortc.codecs import is_rtx
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
    unwrap_rtx,
)
from aiortc.stats import RTCInboundRtpStreamStats, RTCStatsReport

from appliance.media.codecs.parameter_sets import signalled_sets
from appliance.media.jitter.clock import FarClock
from appliance.media.jitter.packets import Packet
from appliance.media.receive.audio import FarAudio
from appliance.media.receive.track import FarTrack
from appliance.media.receive.video import FarVideo
from appliance.media.rtp import rtcp
from appliance.media.rtp.receive_rate import ReceiveRate
from appliance.media.rtp.reception import Reception
from appliance.media.webrtc.header_extensions import orientation_of
from appliance.media.webrtc.sender import Sender

log = logging.getLogger(__name__)

MAX_MESSAGES = 32  # RTCP messages being sent at once; more would repeat the same
MAX_SOURCES = 8  # streams of one receiver that are reported; a far end that changes has few


class Receiver(RTCRtpReceiver):
    """An RTCRtpReceiver whose track is a FarTrack: no stock jitter buffer, no decoder thread.

    `sender` is the one of the same transceiver: it knows the round trip. `receive_bps` is the
    most that the far end may send (REMB).
    """

    def __init__(
        self,
        kind: str,
        transport: RTCDtlsTransport,
        clock: FarClock,
        sender: Sender,
        receive_bps: int,
    ) -> None:
        self._far: FarTrack | None = None
        super().__init__(kind, transport)
        self._kind = kind
        self._clock = clock
        self._sender = sender
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._originals: dict[int, int] = {}  # SSRC of retransmissions: SSRC of the stream
        self._receptions: dict[int, Reception] = {}
        self._ssrc: int | None = None  # of the stream that came last
        self._own_ssrc: int | None = None
        self._estimate_rate = ReceiveRate(receive_bps) if kind == "video" else None
        self._stopped = False
        self._reporter: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    @property  # type: ignore[override]
    def _track(self) -> FarTrack | None:
        return self._far

    @_track.setter
    def _track(self, stock: MediaStreamTrack | None) -> None:
        """Replace the track that aiortc makes when a description offers one; keep its id."""
        if stock is not None:
            made = FarVideo if self._kind == "video" else FarAudio
            self._far = made(clock=self._clock, feedback=self, id=stock.id)

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Begin to receive, or go on with newly negotiated codecs."""
        if self._stopped:
            return  # aiortc was still connecting when the connection was closed
        self._codecs = {codec.payloadType or 0: codec for codec in parameters.codecs}
        if isinstance(self._far, FarVideo):
            texts = [str(c.parameters.get("sprop-parameter-sets", "")) for c in parameters.codecs]
            self._far.signal_sets(next(filter(None, map(signalled_sets, filter(None, texts))), ()))
        for encoding in parameters.encodings:
            if encoding.rtx:
                self._originals[encoding.rtx.ssrc] = encoding.ssrc
        self.transport._register_rtp_receiver(self, parameters)
        if self._reporter is None:
            self._reporter = asyncio.create_task(self._report())

    async def stop(self) -> None:
        """Irreversibly stop."""
        self._stopped = True
        self.transport._unregister_rtp_receiver(self)
        self._handle_disconnect()
        tasks = [*self._sending, *([self._reporter] if self._reporter else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _handle_disconnect(self) -> None:
        if self._far is not None:
            self._far.stop()

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._own_ssrc = ssrc

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        # A BYE is no end: the same track goes on when the far end comes back with a new SSRC.
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            reception = self._receptions.get(packet.ssrc)
            if reception is not None:
                reception.sender_report(info.ntp_timestamp, time.monotonic())
            if self._far is not None:
                self._far.sender_report(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp)

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        far = self._far
        if not self._enabled or far is None:
            return
        now = time.monotonic()
        self._estimate(packet, arrival_time_ms, now)
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            return
        repeated = is_rtx(codec)
        if repeated:
            original = self._originals.get(packet.ssrc, self._ssrc)
            payload_type = codec.parameters.get("apt")
            if original is None or len(packet.payload) < 2 or not isinstance(payload_type, int):
                return
            packet = unwrap_rtx(packet, payload_type=payload_type, ssrc=original)
            codec = self._codecs.get(payload_type)
            if codec is None:
                return
        else:
            self._ssrc = packet.ssrc
            self._reception(packet.ssrc, codec).add(packet.sequence_number, packet.timestamp, now)
        far.round_trip_s = self._sender.round_trip_s
        orientation = orientation_of(packet)
        if orientation is not None and isinstance(far, FarVideo):
            # It comes with keyframes and where it changes, and holds until another comes.
            far.orientation = orientation
        far.feed(
            Packet(
                packet.sequence_number,
                packet.timestamp,
                packet.payload,
                bool(packet.marker),
                packet.ssrc,
                repeated,
            ),
            codec.name,
            codec.clockRate,
            now,
        )

    def _reception(self, ssrc: int, codec: RTCRtpCodecParameters) -> Reception:
        reception = self._receptions.get(ssrc)
        if reception is None:
            reception = self._receptions[ssrc] = Reception(codec.clockRate)
            if len(self._receptions) > MAX_SOURCES:
                del self._receptions[next(iter(self._receptions))]
        return reception

    def _estimate(self, packet: RtpPacket, arrival_ms: int, now: float) -> None:
        """Tell the far end how much it may send (draft-alvestrand-rmcat-remb).

        A browser believes the first such message and starts there instead of at 300 kbit/s.
        """
        if self._estimate_rate is None:
            return
        bps = self._estimate_rate.add(
            packet.extensions.abs_send_time,
            len(packet.payload) + packet.padding_size,
            packet.ssrc,
            arrival_ms,
            now,
        )
        if bps is not None and self._own_ssrc is not None:
            fci = pack_remb_fci(int(bps), [packet.ssrc])
            self._send_soon(bytes(RtcpPsfbPacket(RTCP_PSFB_APP, self._own_ssrc, 0, fci)))

    def nack(self, ssrc: int, sequences: list[int]) -> None:
        """Ask for packets again (RFC 4585 section 6.2.1)."""
        if self._own_ssrc is not None:
            self._send_soon(rtcp.nack(self._own_ssrc, ssrc, sequences))

    def keyframe(self, ssrc: int) -> None:
        """Ask for a keyframe (PLI, RFC 4585 section 6.3.1)."""
        log.info("far ← keyframe requested")
        if self._own_ssrc is not None:
            self._send_soon(rtcp.pli(self._own_ssrc, ssrc))

    def _send_soon(self, packet: bytes) -> None:
        if len(self._sending) < MAX_MESSAGES:
            task = asyncio.get_running_loop().create_task(self._send(packet))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, packet: bytes) -> None:
        try:
            await self.transport._send_rtp(packet)
        except ConnectionError:
            log.debug("far → RTCP not sent: the connection is closed")

    async def _report(self) -> None:
        """Receiver reports (RFC 3550 section 6.4.2), every second or so."""
        while True:
            await asyncio.sleep(0.5 + random.random())  # noqa: S311 - RFC 3550 6.2 wants it uneven
            if self._own_ssrc is None or not self._receptions:
                continue
            now = time.monotonic()
            blocks = [(ssrc, stream.block(now)) for ssrc, stream in self._receptions.items()]
            infos = [
                RtcpReceiverInfo(
                    ssrc=ssrc,
                    fraction_lost=block.fraction_lost,
                    packets_lost=block.packets_lost,
                    highest_sequence=block.highest_sequence,
                    jitter=block.jitter,
                    lsr=block.last_report,
                    dlsr=block.since_last_report,
                )
                for ssrc, block in blocks
            ]
            await self._send(bytes(RtcpRrPacket(ssrc=self._own_ssrc, reports=infos)))

    async def getStats(self) -> RTCStatsReport:  # noqa: N802 - aiortc's name
        """Inbound statistics in aiortc's form; `FarTrack.statistics` has more."""
        report = RTCStatsReport()
        for ssrc, stream in self._receptions.items():
            report.add(
                RTCInboundRtpStreamStats(
                    timestamp=datetime.now(UTC),
                    type="inbound-rtp",
                    id=f"inbound-rtp_{id(self)}",
                    ssrc=ssrc,
                    kind=self._kind,
                    transportId=self.transport._stats_id,
                    packetsReceived=stream.received,
                    packetsLost=stream.lost,
                    jitter=stream.jitter,
                )
            )
        report.update(self.transport._get_stats())
        return report
