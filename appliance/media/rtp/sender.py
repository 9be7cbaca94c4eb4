"""Sends a near track as RTP; obeys the far end's requests for keyframes, rate and packets."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo, RtpPacket
from av.packet import Packet

from appliance.media.codecs.g711_g722 import READY_CODEC, AudioEncoder
from appliance.media.rtp import rtcp
from appliance.media.rtp.dtmf import DtmfSender
from appliance.media.rtp.h264_payload import packetise
from appliance.media.rtp.send_rate import Meter, Retransmission, SendRate
from appliance.media.rtp.udp_ports import RtpPath

log = logging.getLogger(__name__)

MIN_KEYFRAME_INTERVAL_S = 0.5  # as the encoder's own
FIRST_KEYFRAMES_S = (0.0, 1.0, 2.5, 5.0)
"""When to send keyframes unasked: an MCU's decoder that missed the first often requests none."""
MAX_HISTORY = 512  # packets: 3 s at 2 Mbit/s
MIN_RATE_STEP = 0.05  # a smaller change is not passed on to the encoder
MAX_UNSENT = 30  # pictures that do not fit, before the journal says so
MAX_OWNERS = 8  # far ends whose rate limits are kept
HEADERS_PER_S = 150  # packets of a picture, for what a limit counts as headers
MAX_CLOCK_DIFFERENCE_S = 5.0  # beyond it a track does not use the monotonic clock


@dataclass(frozen=True, slots=True)
class Sending:
    """What was negotiated for one direction: `rate` is the RTP clock in Hz, `mode` H.264's
    packetisation mode, `event` the payload type of telephone events, `bps` the most that may be
    sent, `nack` whether the far end may ask for packets again."""

    payload_type: int
    codec: str
    rate: int
    mode: int = 1
    nack: bool = False
    event: int | None = None
    bps: int = 2_500_000


class RtpSender:
    """Sends one track by one path, as `use` says."""

    def __init__(
        self,
        path: RtpPath,
        track: MediaStreamTrack,
        rate: SendRate,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ssrc = random.getrandbits(32)
        self.rate = rate
        self.keys = DtmfSender()
        self.round_trip_s: float | None = None
        self.reported: RtcpReceiverInfo | None = None  # the far end's last word on this stream
        self.packets = 0
        self.octets = 0
        self.frames = 0
        self._path = path
        self._now = now
        self._track = track
        self._sending: Sending | None = None
        self._sound: AudioEncoder | None = None
        # Of the lower half: a receiver that misses the first SRTP packets must not miss a wrap of
        # the numbers as well, since it assumes a roll-over counter of 0 (RFC 3711 section 3.3.1).
        self._sequence = random.getrandbits(15)
        self._offset = random.getrandbits(32)
        self._clock_shift: float | None = None  # monotonic clock minus the track's
        self._key_began = 0  # timestamp of the telephone event that is being sent
        self._talking = False
        self._history: dict[int, bytes] = {}
        self._retransmission = Retransmission()
        self._meter = Meter()
        self._keyframe_at = float("-inf")
        self._first_keyframes: list[float] = []
        self._limits: dict[int, float] = {}
        self._set_bps = 0.0
        self._stopped_video = False
        self._unsent = 0

    @property
    def sending(self) -> Sending | None:
        """What was negotiated for sending; None on hold."""
        return self._sending

    @property
    def sequence(self) -> int:
        """The number of the next packet."""
        return self._sequence

    def arrived_until(self, sequence: int) -> bool:
        """Whether the far end's last report knows a packet of that number or a later one."""
        if self.reported is None:
            return False
        ahead = (self.reported.highest_sequence - sequence) & 0xFFFF
        return ahead < 1 << 15

    def use(self, sending: Sending | None, now: float) -> None:
        """Send like this from now on; None is hold. The same again changes nothing."""
        before, self._sending = self._sending, sending
        if sending != before:
            self._unsent = 0
        if sending is None or sending == before:
            return
        if before is None or before.payload_type != sending.payload_type:
            self._talking = False
            self._first_keyframes = [now + after for after in FIRST_KEYFRAMES_S]
        if self._track.kind == "audio":
            if self._sound is None or self._sound.codec != sending.codec:
                self._sound = AudioEncoder(sending.codec)
            if hasattr(self._track, "codec"):
                self._track.codec = READY_CODEC if sending.codec.lower() == READY_CODEC else "pcm"
        else:
            limit_slices: Any = getattr(self._track, "limit_slices", None)
            if limit_slices is not None:
                limit_slices(sending.mode == 0)
            self._pass_rate_on()

    async def run(self) -> None:
        """Send until the track ends."""
        while True:
            try:
                data = await self._track.recv()
            except MediaStreamError:
                return
            if isinstance(data, Packet | av.AudioFrame):
                self._take(data, self._now())

    def _take(self, data: "Packet[Any] | av.AudioFrame", now: float) -> None:
        """Send one access unit, or 20 ms of sound."""
        sending = self._sending
        if sending is None or data.pts is None or data.time_base is None:
            return
        seconds = data.pts * data.time_base
        if self._clock_shift is None:
            off = now - float(seconds)
            self._clock_shift = 0.0 if abs(off) < MAX_CLOCK_DIFFERENCE_S else off
        timestamp = (int(seconds * sending.rate) + self._offset) & 0xFFFFFFFF
        if self._sound is not None:
            self._take_sound(data, timestamp, sending)
        elif isinstance(data, Packet):
            self._take_picture(data, timestamp, sending, now)

    def _take_sound(
        self, data: "Packet[Any] | av.AudioFrame", timestamp: int, sending: Sending
    ) -> None:
        sound = self._sound
        assert sound is not None  # noqa: S101 - for the type checker; the caller checked
        if self.keys.busy and sending.event is not None:
            packets = self.keys.block(sending.rate)
            for packet in packets:
                if packet.marker:
                    self._key_began = timestamp
                self._send(sending.event, self._key_began, packet.payload, marker=packet.marker)
            if packets:
                self._talking = False  # sound that comes after a pause has the marker
                return
        try:
            payload = sound.code(data)
        except av.FFmpegError as error:
            log.warning("near → 20 ms of sound not coded: %s", error)
            return
        if payload:
            self.frames += 1
            self._send(sending.payload_type, timestamp, payload, marker=not self._talking)
            self._talking = True

    def _take_picture(
        self, data: "Packet[Any]", timestamp: int, sending: Sending, now: float
    ) -> None:
        if self._first_keyframes and now >= self._first_keyframes[0]:
            del self._first_keyframes[0]
            self.keyframe(now)
        if not self._may_send(now):
            return
        try:
            payloads = packetise(bytes(data), sending.mode)
        except ValueError as error:
            # A few pictures were encoded before the camera knew the limit.
            self._unsent += 1
            if self._unsent == MAX_UNSENT:
                log.warning("near → no picture: %s; the camera cuts no slices", error)
            return
        self._unsent = 0
        self.frames += bool(payloads)
        self._meter.add(sum(map(len, payloads)), now)
        for number, payload in enumerate(payloads, 1):
            packet = self._send(
                sending.payload_type, timestamp, payload, marker=number == len(payloads)
            )
            if sending.nack:
                self._remember(packet)

    def _send(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        packet = RtpPacket(
            payload_type, int(marker), self._sequence, timestamp, self.ssrc, payload
        ).serialize()
        if self._path.send_rtp(packet):
            self.packets += 1
            self.octets += len(payload)
        return packet

    def _remember(self, packet: bytes) -> None:
        self._history[self._sequence] = packet
        if len(self._history) > MAX_HISTORY:
            del self._history[next(iter(self._history))]

    def keyframe(self, now: float) -> None:
        """Obey a request for a keyframe; several requests at once get one."""
        request: Any = getattr(self._track, "request_keyframe", None)
        if request is not None and now - self._keyframe_at >= MIN_KEYFRAME_INTERVAL_S:
            self._keyframe_at = now
            request()

    def repeat(self, sequences: tuple[int, ...], now: float) -> None:
        """Obey a NACK: send these packets again, as far as the limit allows."""
        for sequence in sequences:
            packet = self._history.get(sequence)
            if packet and self._retransmission.allows(sequence, len(packet), self._meter.bps, now):
                self._path.send_rtp(packet)

    def report(self, block: RtcpReceiverInfo, now: float) -> None:
        """Take a report block of the far end on this stream."""
        self.reported = block
        if block.lsr:
            trip = ((rtcp.ntp(now) >> 16) - block.lsr - block.dlsr) & 0xFFFFFFFF
            if trip < 10 << 16:
                trip_s = trip / 65536
                known = self.round_trip_s
                self.round_trip_s = trip_s if known is None else 0.85 * known + 0.15 * trip_s
        self.rate.loss(block.fraction_lost / 256, now, self.round_trip_s)
        self._pass_rate_on()

    def limit(self, wanted: rtcp.RateLimit, now: float) -> int:
        """Obey a rate limit of the far end; returns the bit/s that all limits together allow."""
        if not wanted.temporary:
            self.rate.limit(wanted.bps, now)
        elif wanted.owner in self._limits or len(self._limits) < MAX_OWNERS:
            headers = wanted.overhead * 8 * min(HEADERS_PER_S, wanted.bps // 10_000)
            self._limits[wanted.owner] = max(0, wanted.bps - headers)
        self._pass_rate_on()
        return int(min([wanted.bps, *self._limits.values()]))

    @property
    def unfit(self) -> bool:
        """Whether no picture fits: the far end takes no fragments, and they come in one piece."""
        return self._unsent >= MAX_UNSENT

    @property
    def bps(self) -> float:
        """The bit rate that the picture may have now."""
        agreed = self._sending.bps if self._sending else 0
        return min([self.rate.bps, agreed, *self._limits.values()])

    def _pass_rate_on(self) -> None:
        tell: Any = getattr(self._track, "set_bitrate", None)
        bps = self.bps
        if tell is not None and abs(bps - self._set_bps) > MIN_RATE_STEP * self._set_bps:
            self._set_bps = bps
            tell(int(bps))

    def _may_send(self, now: float) -> bool:
        """Whether the picture may be sent; after a stop it goes on with a keyframe."""
        may = self.rate.video and self.bps > 0
        if may and self._stopped_video:
            log.info("near → the picture goes on at %d bit/s", self.bps)
            self.keyframe(now)
        elif not may and not self._stopped_video:
            log.warning("near → the picture stops: the line does not carry it")
        self._stopped_video = not may
        return may

    def info(self, now: float) -> RtcpSenderInfo | None:
        """The sender's part of a report (RFC 3550 section 6.4.1); None while nothing is sent."""
        if self._sending is None or self._clock_shift is None or not self.packets:
            return None
        timestamp = int((now - self._clock_shift) * self._sending.rate) + self._offset
        return RtcpSenderInfo(
            rtcp.ntp(now),
            timestamp & 0xFFFFFFFF,
            self.packets & 0xFFFFFFFF,
            self.octets & 0xFFFFFFFF,
        )
