"""The far sound: one frame each 20 ms while the far end sends, whatever the net loses or delays."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError

from appliance.media.codecs.decoders import SOUND_DECODERS, SoundDecoder
from appliance.media.jitter.clock import FarClock
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.sound import Hole, Sound, SoundJitter
from appliance.media.jitter.waveform import (
    RATE,
    Concealer,
    Pcm,
    lengthen,
    shorten,
    silence,
)
from appliance.media.receive.track import MICROSECONDS, FarStatistics, FarTrack, Feedback

FRAME = RATE // 50
FRAME_S = 0.02
WAIT_S = 0.2  # nothing has come for so long: the far end is silent, not late
ASIDE_S = 0.012  # off the due time by more than the longest pitch period: splice one
FAR_ASIDE_S = 0.3  # no splicing makes up for this
AWAY_S = 0.2  # a reader that comes back later than this gets what is due now


class FarAudio(FarTrack):
    """The sound of a far end: `recv` gives av.AudioFrame, s16 stereo 48 kHz of 20 ms, when due.

    A hole is filled with what was heard before it, fading; a packet that comes too late is still
    played, and the delay that this costs is taken back a pitch period at a time.
    """

    def __init__(
        self,
        *,
        clock: FarClock | None = None,
        feedback: Feedback | None = None,
        id: str | None = None,  # noqa: A002
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("audio", clock=clock, feedback=feedback, id=id, now=now)
        self._codec = ""
        self._jitter = SoundJitter(RATE)
        self._decoder: SoundDecoder | None = None
        self._concealer = Concealer()
        self._pcm: Pcm = silence(0)  # made and not yet given
        self._due: float | None = None  # of the next frame; None while the far end is silent
        self._ahead = 0  # samples made up while nothing came, for what may still come

    def _feed(self, packet: Packet, codec: str, rate: int, now: float) -> None:
        if codec not in SOUND_DECODERS or self.readyState != "live":
            return
        if codec != self._codec:
            self._codec = codec
            self._jitter = SoundJitter(rate)
            self._stream.rate = rate
            self._begin_stream()
        streams = self._jitter.streams
        self._jitter.add(packet)
        if self._jitter.streams != streams:
            self._begin_stream()
        if packet.payload:
            self._stream.arrived(self._jitter.running(packet.timestamp), now)
            self._changed.set()

    def _begin_stream(self) -> None:
        self._stream.reset()
        self._decoder = None
        self._due = None

    def sender_report(self, ssrc: int, ntp: int, timestamp: int) -> None:
        """Take a sender report's NTP time (64 bit) and RTP timestamp (RFC 3550 section 6.4.1)."""
        if ssrc == self._jitter.ssrc:
            self._stream.sender_report(ntp, self._jitter.running(timestamp))

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, at the moment at which they are due.

        Raises MediaStreamError when the far end has gone or the track was stopped.
        """
        while True:
            if self.readyState != "live":
                raise MediaStreamError
            now = self._now()
            if self._due is not None and now - self._due > AWAY_S:
                self._catch_up(now)
            if self._due is None:
                if not len(self._jitter):
                    self._changed.clear()
                    await self._changed.wait()
                    continue
                self._begin(now)
            due = cast(float, self._due)
            if due > now:
                # Slept in small pieces: a stop must not wait, and a new stream changes `due`.
                await asyncio.sleep(min(due - now, FRAME_S))
                continue
            frame = self._frame(due, now)
            if frame is not None:
                return frame

    def _catch_up(self, now: float) -> None:
        """Nobody has read for a while: go on with what is due now."""
        media_time = now - self._stream.offset(now)
        origin = self._jitter.cursor - round(
            self._stream.media_time(self._jitter.cursor) * self._jitter.rate
        )
        self._jitter.skip_before(origin + int(media_time * self._jitter.rate))
        self._due = None

    def _begin(self, now: float) -> None:
        self._due = max(now, self._stream.due(self._jitter.cursor, now))
        self._pcm = silence(0)
        self._ahead = 0

    def _frame(self, due: float, now: float) -> av.AudioFrame | None:
        """The frame that is due; None when the far end has fallen silent."""
        while len(self._pcm) < FRAME:
            piece = self._piece(due + len(self._pcm) / RATE, now)
            if piece is None:
                self._jitter.pause()
                self._due = None
                return None
            self._pcm = piece if not len(self._pcm) else np.concatenate((self._pcm, piece))
        frame = av.AudioFrame.from_ndarray(
            self._pcm[:FRAME].reshape(1, -1), format="s16", layout="stereo"
        )
        self._pcm = self._pcm[FRAME:]
        frame.sample_rate = RATE
        frame.time_base = MICROSECONDS
        frame.pts = round(due * 1e6)
        self._due = due + FRAME_S
        self._counts.frames += 1
        return frame

    def _piece(self, due: float, now: float) -> Pcm | None:
        """The sound that follows, of which the first sample will be heard at `due`."""
        jitter = self._jitter
        item = jitter.take()
        if isinstance(item, Sound):
            self._count_made_up(self._ahead)
            self._ahead = 0
            return self._sound(item, due, now)
        if item is None:
            if self._ahead >= WAIT_S * RATE:
                return None
            self._ahead += FRAME
            return self._concealer.conceal(FRAME)
        # What was made up while waiting was for this; the rest is still to be made.
        length = item.length * RATE // jitter.rate
        if isinstance(item, Hole):
            self._count_made_up(max(length, self._ahead))
        rest = max(0, length - self._ahead)
        self._ahead = max(0, self._ahead - length)
        return self._concealer.conceal(min(rest, RATE // 2)) if rest else silence(0)

    def _count_made_up(self, samples: int) -> None:
        self._counts.concealed_s += samples / RATE
        self._counts.received_s += samples / RATE

    def _sound(self, item: Sound, due: float, now: float) -> Pcm:
        if self._decoder is None:
            self._decoder = SOUND_DECODERS[self._codec]()
        try:
            pcm = self._decoder.decode(item.payload)
        except av.FFmpegError:
            pcm = silence(0)
        ticks = len(pcm) * self._jitter.rate // RATE
        self._jitter.played(ticks)
        self._counts.received_s += len(pcm) / RATE
        self.pulse.beat(now)
        joined = self._concealer.heard(pcm)
        # Late against the plan: take a pitch period out; early: put one in.
        aside = due - (self._stream.media_time(item.timestamp) + self._stream.offset(now))
        if aside > FAR_ASIDE_S:
            return silence(0)
        if aside > ASIDE_S:
            return shorten(joined)
        return lengthen(joined) if aside < -ASIDE_S else joined

    def statistics(self) -> FarStatistics:
        """The figures of every track, and the lost packets."""
        return replace(super().statistics(), lost_packets=self._jitter.lost)
