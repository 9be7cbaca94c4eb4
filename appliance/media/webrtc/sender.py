"""A WebRTC sender of ready packets: limits retransmission, passes requests on to the track."""

import asyncio
import logging
import time

from aiortc import MediaStreamTrack, RTCRtpSender
from aiortc.codecs import get_encoder
from aiortc.codecs.base import Encoder
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpsender import RTCEncodedFrame
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RTP_HISTORY_SIZE,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)
from av.audio.frame import AudioFrame
from av.packet import Packet

from appliance.media.codecs.g711_g722 import AudioEncoder
from appliance.media.formats import AUDIO_TIME_BASE
from appliance.media.rtp.send_rate import Meter, Retransmission, SendRate
from appliance.media.webrtc.round_trip import RoundTrip

log = logging.getLogger(__name__)

MIN_KEYFRAME_INTERVAL_S = 0.2  # several requests at once get one keyframe
MIN_RATE_STEP = 0.05  # a smaller change is not passed on to the encoder
READY_AUDIO = "opus"  # the codec of a near track's ready sound


class Sender(RTCRtpSender):
    """An RTCRtpSender that sends ready packets (H.264 Annex B, VP8, Opus) unchanged.

    A track with a `codec` that can be set is told which one was agreed on ("h264", "vp8", "opus";
    "pcm" for frames of sound); sound is coded here where the far end takes no Opus. One with
    `request_keyframe()` and `set_bitrate(bps)` gets what the far end requests; `rate` is shared by
    the senders of a connection.
    """

    def __init__(
        self, track_or_kind: MediaStreamTrack | str, transport: RTCDtlsTransport, rate: SendRate
    ) -> None:
        super().__init__(track_or_kind, transport)
        self.rate = rate
        self.retransmission = Retransmission()
        self.sent_frames = 0
        self._round_trip = RoundTrip()
        self._packer: Encoder | None = None
        self._coder: AudioEncoder | None = None
        self._meter = Meter()
        self._keyframe_at = float("-inf")
        self._wants_keyframe = False
        self._set_bps = 0.0
        self._stopped_video = False
        self._refused = False

    @property
    def round_trip_s(self) -> float | None:
        """As receiver reports show it; None before the first."""
        return self._round_trip.seconds

    async def _send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                self._round_trip.sent(packet.sender_info.ntp_timestamp, time.monotonic())
        await super()._send_rtcp(packets)

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        now = time.monotonic()
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            await super()._handle_rtcp_packet(packet)  # statistics
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._round_trip.heard(report, now)
                    self.rate.loss(report.fraction_lost / 256, now, self.round_trip_s)
            self._pass_rate_on()
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for sequence in packet.lost:
                await self._repeat(sequence & 0xFFFF, now)
        elif isinstance(packet, RtcpPsfbPacket):
            self._payload_feedback(packet, now)

    def _payload_feedback(self, packet: RtcpPsfbPacket, now: float) -> None:
        if packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            if now - self._keyframe_at >= MIN_KEYFRAME_INTERVAL_S:
                self._keyframe_at = now
                self._send_keyframe()
        elif packet.fmt == RTCP_PSFB_APP:
            try:
                bps, ssrcs = unpack_remb_fci(packet.fci)
            except ValueError:
                return
            if self._ssrc in ssrcs:
                self.rate.limit(bps, now)
                self._pass_rate_on()

    async def _repeat(self, sequence: int, now: float) -> None:
        history: dict[int, RtpPacket] = self._RTCRtpSender__rtp_history  # type: ignore[attr-defined]
        packet = history.get(sequence % RTP_HISTORY_SIZE)
        if packet is None or packet.sequence_number != sequence:
            return
        if self.retransmission.allows(sequence, len(packet.payload), self._meter.bps, now):
            try:
                await self._retransmit(sequence)
            except ConnectionError:
                log.debug("near → nothing repeated: the connection is closed")

    def _send_keyframe(self) -> None:
        self._wants_keyframe = True
        request = getattr(self.track, "request_keyframe", None)
        if request is not None:
            request()

    def _pass_rate_on(self) -> None:
        if self.kind != "video":
            return
        bps = self.rate.bps
        tell = getattr(self.track, "set_bitrate", None)
        if tell is not None and abs(bps - self._set_bps) > MIN_RATE_STEP * self._set_bps:
            self._set_bps = bps
            tell(int(bps))

    async def _next_encoded_frame(self, codec: RTCRtpCodecParameters) -> RTCEncodedFrame | None:
        if self._packer is None:
            self._choose(codec)
            self._packer = get_encoder(codec)
        data = await self.track.recv()
        if not self._enabled or not self._may_send():
            return None
        if self._coder is not None and isinstance(data, Packet | AudioFrame):
            # Before it is coded: the coder takes the time off a frame.
            at_s = float((data.pts or 0) * (data.time_base or AUDIO_TIME_BASE))
            timestamp = round(at_s * codec.clockRate)
            coded = self._coder.code(data)
            payloads = [coded] if coded else []
        elif isinstance(data, Packet):
            if self._ready_codec() != codec.name.lower():
                self._refuse(codec)
                return None
            payloads, timestamp = self._packer.pack(data)
        else:
            keyframe, self._wants_keyframe = self._wants_keyframe, False
            payloads, timestamp = await asyncio.get_running_loop().run_in_executor(
                None, self._packer.encode, data, keyframe
            )
        if not payloads:
            return None
        self.sent_frames += 1
        self._meter.add(sum(map(len, payloads)), time.monotonic())
        # No audio level: aiortc computes it sample by sample in Python, and nobody needs it.
        return RTCEncodedFrame(payloads, timestamp, None)  # type: ignore[arg-type]

    def _may_send(self) -> bool:
        """Whether the picture may be sent; after a stop it goes on with a keyframe."""
        if self.kind != "video":
            return True
        if self.rate.video and self._stopped_video:
            log.info("near → the picture goes on at %d bit/s", self.rate.bps)
            self._send_keyframe()
        elif not self.rate.video and not self._stopped_video:
            log.warning("near → the picture stops: the line does not carry it")
        self._stopped_video = not self.rate.video
        return self.rate.video

    def _choose(self, codec: RTCRtpCodecParameters) -> None:
        """Let the track deliver what was agreed on, or code its sound here."""
        agreed = codec.name.lower()
        if self.kind == "audio":
            self._coder = AudioEncoder(agreed) if agreed != READY_AUDIO else None
            agreed = agreed if agreed == READY_AUDIO else "pcm"
        if hasattr(self.track, "codec"):
            self.track.codec = agreed
        log.info("near → %s is sent as %s", self.kind, codec.name)

    def _ready_codec(self) -> str:
        """The codec of the track's ready packets; of one that cannot choose H.264 and Opus."""
        usual = "h264" if self.kind == "video" else READY_AUDIO
        return str(getattr(self.track, "codec", usual))

    def _refuse(self, codec: RTCRtpCodecParameters) -> None:
        if not self._refused:
            self._refused = True
            log.error(
                "near → nothing is sent: %s was negotiated and the track delivers ready %s",
                codec.name,
                self._ready_codec(),
            )
