"""One medium of a call over plain RTP or SRTP: its ports, sender, receiver and RTCP."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable

from aiortc import MediaStreamTrack
from aiortc.rtp import (
    RtcpByePacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSrPacket,
    RtpPacket,
)

from appliance.media.jitter.clock import FarClock
from appliance.media.receive.track import FarTrack
from appliance.media.rtp import rtcp
from appliance.media.rtp.receiver import Receiving, RtpReceiver
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.sender import RtpSender, Sending
from appliance.media.rtp.udp_ports import PORTS, RtpPath

log = logging.getLogger(__name__)

REPORT_INTERVAL_S = (0.5, 1.5)  # RFC 3550 section 6.2 wants it uneven; lip sync wants it soon


class RtpStream:
    """A medium, from opening its ports to closing them. With `near` None it only receives.

    `ask` requests a keyframe by the signalling. Nothing is sent or accepted before `use`.
    """

    def __init__(
        self,
        kind: str,
        near: MediaStreamTrack | None,
        *,
        clock: FarClock,
        rate: SendRate,
        name: str,
        ask: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kind = kind
        self.path = RtpPath(self, now)
        self.sender = RtpSender(self.path, near, rate, now) if near is not None else None
        self.ssrc = self.sender.ssrc if self.sender else random.getrandbits(32)
        self._name = name
        self._clock = clock
        self._ask = ask
        self._now = now
        self.receiver = self._receiver()
        self._tasks: list[asyncio.Task[None]] = []

    def _receiver(self) -> RtpReceiver:
        return RtpReceiver(
            self.kind,
            self.ssrc,
            self._clock,
            speak=self._speak,
            ask=self._ask,
            now=self._now,
        )

    async def open(self, host: str, ports: range = PORTS) -> None:
        """Bind the ports; raises PortsError."""
        await self.path.open(host, ports)

    @property
    def track(self) -> FarTrack:
        """The far end's track."""
        return self.receiver.track

    def use(self, sending: Sending | None, receiving: Receiving | None) -> None:
        """Send and accept this from now on; the same again changes nothing."""
        if self.receiver.track.readyState != "live" and receiving is not None:
            heard_key = self.receiver.heard_key
            self.receiver = self._receiver()  # the far end had removed this medium
            self.receiver.heard_key = heard_key
        if self.sender is not None:
            self.sender.use(sending, self._now())
        self.receiver.use(receiving)
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._report(), name=f"{self.kind} reports"))
            if self.sender is not None:
                self._tasks.append(asyncio.create_task(self.sender.run(), name=f"{self.kind} out"))
            for task in self._tasks:
                task.add_done_callback(_log_failure)

    def take_away(self) -> None:
        """End this medium, which the far end refused or removed; `use` brings it back."""
        if self.sender is not None:
            self.sender.use(None, self._now())
        self.receiver.use(None)
        self.receiver.track.stop()
        self.path.aim(None, None)

    async def close(self) -> None:
        """Send a BYE and free everything. Idempotent."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):  # logged by _log_failure
                await task
        if tasks:
            self.path.send_rtcp(self._compound(bytes(RtcpByePacket([self.ssrc]))))
        self.receiver.track.stop()
        self.path.close()

    def accepts(self, payload_type: int) -> bool:
        """Whether packets of that payload type are received now."""
        return self.receiver.accepts(payload_type)

    def take_rtp(self, packet: RtpPacket, now: float) -> None:
        """Take a packet that arrived at `now` and whose payload type is accepted."""
        if self.sender is not None:
            self.receiver.track.round_trip_s = self.sender.round_trip_s
        self.receiver.take(packet, now)

    def take_rtcp(self, compound: bytes, now: float) -> None:
        """Take a compound RTCP packet that arrived at `now`."""
        # A BYE is no end: an MCU sends one when it goes on with another SSRC.
        for message in rtcp.read(compound):
            if isinstance(message, RtcpSrPacket):
                self.receiver.sender_report(message, now)
            if self.sender is None:
                continue
            if isinstance(message, RtcpSrPacket | RtcpRrPacket):
                for block in message.reports:
                    if block.ssrc == self.ssrc:
                        self.sender.report(block, now)
            else:
                self._obey(self.sender, message, now)

    def _obey(self, sender: RtpSender, message: rtcp.RtcpMessage, now: float) -> None:
        if isinstance(message, rtcp.KeyframeRequest):
            # Whatever SSRC it names: there is one stream here, and middleboxes change its SSRC.
            sender.keyframe(now)
        elif isinstance(message, rtcp.Nack) and message.ssrc == self.ssrc:
            sender.repeat(message.sequences, now)
        elif isinstance(message, rtcp.RateLimit) and message.ssrc == self.ssrc:
            kept = sender.limit(message, now)
            if message.temporary:
                log.info("far ← no more than %d bit/s", message.bps)
                self._speak(rtcp.tmmbn(self.ssrc, message.owner, kept, message.overhead))

    def _speak(self, feedback: bytes) -> None:
        self.path.send_rtcp(self._compound(feedback))

    def _compound(self, feedback: bytes = b"") -> bytes:
        """A report, our name and `feedback`, which may not be sent alone (RFC 3550 section 6.1)."""
        now = self._now()
        block = self.receiver.block(now)
        blocks: list[RtcpReceiverInfo] = [] if block is None else [block]
        info = self.sender.info(now) if self.sender else None
        report = (
            bytes(RtcpRrPacket(self.ssrc, blocks))
            if info is None
            else bytes(RtcpSrPacket(self.ssrc, info, blocks))
        )
        return report + rtcp.cname(self.ssrc, self._name) + feedback

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(random.uniform(*REPORT_INTERVAL_S))  # noqa: S311 - no secret
            self.path.send_rtcp(self._compound())


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("near → %s ended: %r", task.get_name(), error)
