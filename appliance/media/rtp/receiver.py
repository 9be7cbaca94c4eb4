"""Receives what a far end sends on one medium into a FarTrack, and requests keyframes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc.rtp import RtcpReceiverInfo, RtcpSrPacket, RtpPacket

from appliance.media.jitter.clock import FarClock
from appliance.media.jitter.packets import Packet
from appliance.media.receive.audio import FarAudio
from appliance.media.receive.track import FarTrack
from appliance.media.receive.video import FarVideo
from appliance.media.rtp import rtcp
from appliance.media.rtp.dtmf import DtmfReceiver
from appliance.media.rtp.reception import Reception

log = logging.getLogger(__name__)

MAX_REQUEST_BURST = 3  # keyframe requests at once
RTCP_REQUEST_INTERVAL_S = 1.0  # after a burst: without retransmission each loss needs one
SIGNALLED_REQUEST_INTERVAL_S = 2.5  # an RMX ignores for 10 s whoever asks more often
MAX_UNANSWERED = 2  # keyframe requests without effect; then every kind of request is sent
STRAGGLER_S = 1.0  # for so long packets of a stream that another one replaced are dropped
ALONE_AFTER_S = 0.2  # a stream that was replaced comes back once the other is silent for so long
MAX_RETURNING = 512  # packets that wait for that: a keyframe and more
MAX_LEFT = 16  # streams of one call that are remembered
TELEPHONE_EVENT = "telephone-event"


@dataclass(frozen=True, slots=True)
class Receiving:
    """What was negotiated: for each payload type the SDP name and the RTP clock in Hz, the feedback
    that the far end accepts, and the H.264 parameter sets that it named."""

    payloads: dict[int, tuple[str, int]]
    feedback: frozenset[str] = frozenset()
    sets: tuple[bytes, ...] = ()


@dataclass(slots=True)
class TokenBucket:
    """A token bucket for keyframe requests; `now` is an argument."""

    refill_s: float
    tokens: float = MAX_REQUEST_BURST
    at: float = field(default=float("-inf"))

    def take(self, now: float) -> bool:
        """Whether one may be sent now; True takes a token."""
        self.tokens = min(MAX_REQUEST_BURST, self.tokens + (now - self.at) / self.refill_s)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class RtpReceiver:
    """Feeds `track`. `speak` sends RTCP, `ask` requests a keyframe by the signalling."""

    def __init__(
        self,
        kind: str,
        own_ssrc: int,
        clock: FarClock,
        *,
        speak: Callable[[bytes], None],
        ask: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        made = FarVideo if kind == "video" else FarAudio
        self.track: FarTrack = made(clock=clock, feedback=self, now=now)
        self.heard_key: Callable[[str], None] | None = None
        self._own = own_ssrc
        self._speak = speak
        self._ask = ask
        self._now = now
        self._receiving: Receiving | None = None
        self._ssrc: int | None = None
        self._left: dict[int, float] = {}  # SSRCs that were replaced, and when
        self._heard_at = float("-inf")  # when the stream that is taken was last heard
        self._returning: list[tuple[RtpPacket, float]] = []  # of one that was replaced before
        self._reception: Reception | None = None
        self._keys = DtmfReceiver()
        self._budget = TokenBucket(RTCP_REQUEST_INTERVAL_S)
        self._signalled = TokenBucket(SIGNALLED_REQUEST_INTERVAL_S)
        self._fir = 0
        self._unanswered = 0
        self._keyframes = 0  # received when the last one was requested

    def use(self, receiving: Receiving | None) -> None:
        """Accept this from now on; None is nothing."""
        self._receiving = receiving
        self.track.repairs = receiving is not None and "nack" in receiving.feedback
        if receiving is not None and isinstance(self.track, FarVideo):
            self.track.signal_sets(receiving.sets)

    @property
    def takes(self) -> bool:
        """Whether anything is accepted; False on hold and when the medium was removed."""
        return self._receiving is not None

    def accepts(self, payload_type: int) -> bool:
        """Whether packets of that payload type are received now."""
        return self._receiving is not None and payload_type in self._receiving.payloads

    def take(self, packet: RtpPacket, now: float) -> None:
        """Take a packet whose payload type is accepted."""
        for one, came_at in self._of_one_stream(packet, now):
            self._take(one, came_at)

    def _of_one_stream(self, packet: RtpPacket, now: float) -> list[tuple[RtpPacket, float]]:
        """What is to be taken now: the packet, nothing, or all that waited.

        An MCU changes the SSRC from entry queue to conference; a late packet must not switch back.
        Of two streams at once, as of two far ends that ring, the one that came last is taken:
        to follow both would show neither. One that comes back alone is taken from its beginning.
        """
        if packet.ssrc == self._ssrc or packet.ssrc not in self._left:
            self._returning.clear()
            self._heard_at = now
            return [(packet, now)]
        if now - self._left[packet.ssrc] < STRAGGLER_S:
            return []
        if self._returning and self._returning[0][0].ssrc != packet.ssrc:
            self._returning.clear()
        if len(self._returning) < MAX_RETURNING:
            self._returning.append((packet, now))
        if now - self._heard_at < ALONE_AFTER_S:
            return []
        returned, self._returning = self._returning, []
        self._heard_at = now
        return returned

    def _take(self, packet: RtpPacket, now: float) -> None:
        if self._receiving is None or not self.accepts(packet.payload_type):
            return
        name, rate = self._receiving.payloads[packet.payload_type]
        if packet.ssrc != self._ssrc:
            if self._ssrc is not None:
                log.info("far ← another stream: %08x", packet.ssrc)
                self._left[self._ssrc] = now
                while len(self._left) > MAX_LEFT:
                    del self._left[next(iter(self._left))]
            self._left.pop(packet.ssrc, None)
            self._ssrc = packet.ssrc
            self._reception = Reception(rate)
        if self._reception is not None:
            self._reception.add(packet.sequence_number, packet.timestamp, now)
        if name.lower() == TELEPHONE_EVENT:
            key = self._keys.take(packet.payload, packet.timestamp)
            if key is not None and self.heard_key is not None:
                self.heard_key(key)
            return
        self.track.feed(
            Packet(
                packet.sequence_number,
                packet.timestamp,
                packet.payload,
                bool(packet.marker),
                packet.ssrc,
            ),
            name,
            rate,
            now,
        )

    def sender_report(self, packet: RtcpSrPacket, now: float) -> None:
        """Take a sender report: the far end's clocks."""
        info = packet.sender_info
        if packet.ssrc == self._ssrc and self._reception is not None:
            self._reception.sender_report(info.ntp_timestamp, now)
            self.track.sender_report(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp)

    def block(self, now: float) -> RtcpReceiverInfo | None:
        """Our report block on the incoming stream; None before there is one."""
        if self._reception is None or self._ssrc is None:
            return None
        block = self._reception.block(now)
        return RtcpReceiverInfo(
            ssrc=self._ssrc,
            fraction_lost=block.fraction_lost,
            packets_lost=block.packets_lost,
            highest_sequence=block.highest_sequence,
            jitter=block.jitter,
            lsr=block.last_report,
            dlsr=block.since_last_report,
        )

    def nack(self, ssrc: int, sequences: list[int]) -> None:
        """Request packets again, where the far end negotiated that it retransmits."""
        if self._receiving is not None and "nack" in self._receiving.feedback:
            self._speak(rtcp.nack(self._own, ssrc, sequences))

    def keyframe(self, ssrc: int) -> None:
        """Request a keyframe as negotiated; in every possible way when that has no effect."""
        if self._receiving is None or not self._budget.take(self._now()):
            return
        came = self.track.statistics().keyframes
        self._unanswered = self._unanswered + 1 if came == self._keyframes else 0
        self._keyframes = came
        log.info("far ← keyframe requested")
        negotiated = self._receiving.feedback
        desperate = self._unanswered >= MAX_UNANSWERED
        feedback = b""
        if "nack pli" in negotiated:
            feedback = rtcp.pli(self._own, ssrc)
        if "ccm fir" in negotiated and (desperate or not feedback):
            self._fir += 1
            feedback += rtcp.fir(self._own, ssrc, self._fir)
        if feedback:
            self._speak(feedback)
        if (desperate or not feedback) and self._signalled.take(self._now()):
            self._ask()
