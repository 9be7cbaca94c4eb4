"""A far end's video track: frames decoded once each, the newest few kept for the reader."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import av
from aiortc.mediastreams import MediaStreamError

from appliance.media.codecs.decoders import VIDEO_DECODERS, VideoDecoder
from appliance.media.codecs.parameter_sets import ParameterSets
from appliance.media.jitter.clock import FarClock
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.payload_formats import VIDEO_FORMATS
from appliance.media.jitter.video import AccessUnit, VideoJitterBuffer
from appliance.media.receive.track import (
    FREEZE_THRESHOLD_S,
    MICROSECONDS,
    FarStatistics,
    FarTrack,
    Feedback,
)

log = logging.getLogger(__name__)

MAX_FRAMES = 3  # decoded frames that may wait for the reader; older ones are dropped
MAX_UNDECODED = 90  # access units that wait for the decoder: a retransmission frees many at once
IDLE_S = 0.5  # without a packet for so long nothing that B frames wait for is on its way
UNREAD_TIMEOUT_S = 2.0  # a track that nobody reads is decoded no longer


class FarVideo(FarTrack):
    """The picture of a far end: `recv` gives av.VideoFrame in yuv420p, each decoded once.

    A track that nobody has read for `UNREAD_TIMEOUT_S` is not decoded until it is read again, and
    then begins with a keyframe.
    """

    def __init__(
        self,
        *,
        clock: FarClock | None = None,
        feedback: Feedback | None = None,
        id: str | None = None,  # noqa: A002
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("video", clock=clock, feedback=feedback, id=id, now=now)
        self._jitter: VideoJitterBuffer | None = None
        self._codec = ""
        self._sets = ParameterSets()
        self._decoder: VideoDecoder | None = None
        self._units: deque[AccessUnit] = deque()
        self._frames: deque[av.VideoFrame] = deque(maxlen=MAX_FRAMES)
        self._worker: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._shown_at: float | None = None
        self._read_at = self._now()
        self._reading = 0
        self._asleep = False
        self.orientation = 0  # how the far end's pictures are to be turned, by its own word
        self._awake_at = self._read_at

    def _feed(self, packet: Packet, codec: str, rate: int, now: float) -> None:
        if self.readyState != "live":
            return
        if codec != self._codec or self._jitter is None:
            form = VIDEO_FORMATS.get(codec)
            if form is None:
                return
            self._codec = codec
            self._jitter = VideoJitterBuffer(form, self._sets)
            self._stream.rate = rate
            self._begin_stream()
        if not self._reading and now - self._read_at > UNREAD_TIMEOUT_S:
            self._asleep = True
            self._units.clear()
        self._jitter.repairs = self.repairs
        streams = self._jitter.streams
        units = self._jitter.add(packet, now)
        if self._jitter.streams != streams:
            self._begin_stream()
        for unit in units:
            self._stream.arrived(unit.timestamp, now)
        if not self._asleep:
            self._take(units, now)
        self._send_feedback(now)

    def signal_sets(self, sets: tuple[bytes, ...]) -> None:
        """Take the H.264 parameter sets that the far end named in the signalling (RFC 6184 8.1)."""
        self._sets.signal(sets)

    def _begin_stream(self) -> None:
        self._stream.reset()
        self._units.clear()
        self._decoder = None

    def _take(self, units: list[AccessUnit], now: float) -> None:
        for unit in units:
            if unit.key:
                self._counts.keyframes += 1
            if len(self._units) >= MAX_UNDECODED and self._jitter is not None:
                # The machine is too slow for this stream: skip to a keyframe instead of lagging.
                self._units.clear()
                self._jitter.needs_keyframe(now)
                return
            self._units.append(unit)
        if units and self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._units and self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._decode())
            self._worker.add_done_callback(self._decoded)

    def _decoded(self, task: asyncio.Task[None]) -> None:
        self._worker = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("far ← the picture ends: %r", error)
            self.stop()
        if self._units and self.readyState == "live" and not task.cancelled():
            self._take([], self._now())  # they came while held-back pictures were decoded

    async def _decode(self) -> None:
        """Decode the queued access units in this track's own thread."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "far picture")
        loop = asyncio.get_running_loop()
        while self._units and self.readyState == "live":
            unit = self._units.popleft()
            decoder, data = self._decoder, unit.data
            if decoder is None:
                decoder = self._decoder = VIDEO_DECODERS[self._codec]()
                if self._codec == "h264":
                    data = self._sets.repeat(data, keyframe=True)
            decoder.orientation = self.orientation
            try:
                frames = await loop.run_in_executor(
                    self._thread, partial(decoder.decode, data, unit.timestamp, key=unit.key)
                )
            except (av.FFmpegError, MemoryError, ValueError):
                if decoder is self._decoder:
                    self._broken(self._now())
                continue
            if decoder is not self._decoder:
                continue  # another stream has begun: on its clock this frame is never due
            for frame in frames:
                timestamp = unit.timestamp if frame.pts is None else frame.pts
                if timestamp != unit.timestamp:
                    # B frames: the decoder brought them into their order, which takes time.
                    self._stream.arrived(timestamp, self._now())
                self._show(frame, timestamp, self._now(), again=unit.again)

        if self._decoder is not None and self._decoder.holds_back and self.readyState == "live":
            self._idle_timer = loop.call_later(IDLE_S, self._start_held_back)

    def _start_held_back(self) -> None:
        if self._worker is None and self.readyState == "live":
            self._worker = asyncio.get_running_loop().create_task(self._show_held_back())
            self._worker.add_done_callback(self._decoded)

    async def _show_held_back(self) -> None:
        """Nothing comes any more: show the pictures that B frames would have waited for."""
        decoder = self._decoder
        if decoder is None or self._thread is None:
            return
        loop = asyncio.get_running_loop()
        try:
            frames = await loop.run_in_executor(self._thread, decoder.held_back)
        except (av.FFmpegError, MemoryError, ValueError):
            return
        if decoder is self._decoder:
            for frame in frames:
                self._show(frame, frame.pts or 0, self._now(), again=False)

    def _broken(self, now: float) -> None:
        """The decoder failed: show nothing more before a keyframe."""
        self._decoder = None
        self._units.clear()
        if self._jitter is not None:
            self._jitter.needs_keyframe(now)
            self._send_feedback(now)

    def begin_anew(self) -> None:
        """Show nothing more before a keyframe: from now on another sender's packets come.

        A decoder would lay the new pictures onto the old one and see nothing wrong with that, until
        somebody happens to send a keyframe.
        """
        self.orientation = 0
        self._broken(self._now())

    def undecoded_s(self, since: float) -> float:
        """For how many seconds packets have come and been read for without ever one frame since
        `since`; 0.0 while no packet comes or nobody reads. A picture that froze is none."""
        now, shown = self._now(), self._shown_at
        if self._asleep or now - self.packet_at > FREEZE_THRESHOLD_S:
            return 0.0
        if shown is not None and shown > since:
            return 0.0
        return max(0.0, now - max(since, self._awake_at))

    def _show(self, frame: av.VideoFrame, timestamp: int, now: float, *, again: bool) -> None:
        counts = self._counts
        gap = 0.0 if self._shown_at is None else now - self._shown_at
        self._shown_at = now
        counts.frames += not again
        counts.width = frame.width
        counts.height = frame.height
        counts.freezes += gap > FREEZE_THRESHOLD_S
        counts.longest_gap_s = max(counts.longest_gap_s, gap)
        frame.time_base = MICROSECONDS
        frame.pts = round(self._stream.due(timestamp, now) * 1e6)
        self._frames.append(frame)
        self._changed.set()

    def _send_feedback(self, now: float) -> None:
        """Request what is missing now, and set the timer for the next request."""
        jitter = self._jitter
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if jitter is None or jitter.complete or self.readyState != "live":
            return
        if jitter.missing.round_trip_s is None:
            jitter.missing.round_trip_s = self.round_trip_s
        if self._asleep:
            return
        missing = jitter.nacks(now)
        if missing:
            self.feedback.nack(jitter.ssrc, missing)
        if jitter.wants_keyframe(now):
            self._counts.keyframe_requests += 1
            self.feedback.keyframe(jitter.ssrc)
        at = jitter.next_timer()
        if at is not None:
            loop = asyncio.get_running_loop()
            # The loop's clock need not be `now`'s: only the difference counts.
            self._timer = loop.call_later(
                max(0.001, at - now), lambda: self._send_feedback(self._now())
            )

    def sender_report(self, ssrc: int, ntp: int, timestamp: int) -> None:
        """Take a sender report's NTP time (64 bit) and RTP timestamp (RFC 3550 section 6.4.1)."""
        if self._jitter is not None and ssrc == self._jitter.ssrc:
            self._stream.sender_report(ntp, self._jitter.running(timestamp))

    async def recv(self) -> av.VideoFrame:
        """The oldest of the newest few frames, as soon as there is one.

        Raises MediaStreamError when the far end has gone or the track was stopped.
        """
        self._reading += 1
        try:
            self._wake(self._now())
            while not self._frames:
                if self.readyState != "live":
                    raise MediaStreamError
                self._changed.clear()
                await self._changed.wait()
            return self._frames.popleft()
        finally:
            self._reading -= 1
            self._read_at = self._now()

    def _wake(self, now: float) -> None:
        self._read_at = now
        if self._asleep:
            self._asleep = False
            self._awake_at = now
            self._frames.clear()
            self._broken(now)

    def stop(self) -> None:
        """End the track, its timer and its decoder's thread."""
        super().stop()
        self._units.clear()
        for timer in (self._timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._idle_timer = None
        if self._thread is not None:
            self._thread.shutdown(wait=False)
            self._thread = None

    def statistics(self) -> FarStatistics:
        """The figures of every track, and those of the jitter buffer."""
        jitter = self._jitter
        if jitter is None:
            return super().statistics()
        trip = jitter.missing.round_trip_s or self.round_trip_s or 0.0
        return replace(
            super().statistics(),
            lost_packets=jitter.lost,
            nacked=jitter.missing.requested,
            recovered=jitter.recovered,
            rtt_ms=trip * 1e3,
        )
