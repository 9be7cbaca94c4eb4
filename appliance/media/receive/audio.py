"""A far end's audio track: one frame each 20 ms, whatever the network loses or delays."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError

from appliance.media.codecs.decoders import AUDIO_DECODERS, AudioDecoder
from appliance.media.jitter.audio import AudioJitterBuffer, Loss, Sound
from appliance.media.jitter.clock import FarClock
from appliance.media.jitter.g722_clock import G722Clock
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.waveform import (
    RATE,
    Concealer,
    Pcm,
    lengthen,
    shorten,
    silence,
)
from appliance.media.receive.track import MICROSECONDS, FarStatistics, FarTrack, Feedback

FRAME_SAMPLES = RATE // 50
FRAME_S = 0.02
MAX_CONCEALED_S = 0.2  # without a packet for so long the far end is silent, not late
SPLICE_THRESHOLD_S = 0.012  # beyond the longest pitch period one is spliced in or out
SKIP_THRESHOLD_S = 0.3  # beyond it sound is dropped
MAX_READER_DELAY_S = 0.2  # a reader that is later gets what is due now


class FarAudio(FarTrack):
    """The sound of a far end: `recv` gives av.AudioFrame, s16 stereo 48 kHz of 20 ms, when due.

    Lost sound is replaced by the sound before it, fading out. A packet that comes too late is still
    played, and the delay that this costs is taken back one pitch period at a time.
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
        self._jitter = AudioJitterBuffer(RATE)
        self._g722 = G722Clock()
        self._decoder: AudioDecoder | None = None
        self._concealer = Concealer()
        self._pcm: Pcm = silence(0)  # decoded and not yet returned
        self._due: float | None = None  # of the next frame; None while the far end is silent
        self._ahead = 0  # samples concealed while nothing came, for packets that may still come

    def _feed(self, packet: Packet, codec: str, rate: int, now: float) -> None:
        if codec not in AUDIO_DECODERS or self.readyState != "live":
            return
        if codec == "g722":
            rate = self._g722.see(packet)
        if codec != self._codec or rate != self._jitter.rate:
            self._codec = codec
            self._jitter = AudioJitterBuffer(rate)
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
            if self._due is not None and now - self._due > MAX_READER_DELAY_S:
                self._catch_up(now)
            if self._due is None:
                if not len(self._jitter):
                    self._changed.clear()
                    await self._changed.wait()
                    continue
                self._begin(now)
            due = cast(float, self._due)
            if due > now:
                # In short sleeps: a stop must not wait, and a new stream changes `due`.
                await asyncio.sleep(min(due - now, FRAME_S))
                continue
            frame = self._frame(due, now)
            if frame is not None:
                return frame

    def _catch_up(self, now: float) -> None:
        """After a pause of the reader, go on with what is due now."""
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
        """The frame that is due; None when the far end is silent."""
        while len(self._pcm) < FRAME_SAMPLES:
            piece = self._piece(due + len(self._pcm) / RATE, now)
            if piece is None:
                self._jitter.pause()
                self._due = None
                return None
            self._pcm = piece if not len(self._pcm) else np.concatenate((self._pcm, piece))
        frame = av.AudioFrame.from_ndarray(
            self._pcm[:FRAME_SAMPLES].reshape(1, -1), format="s16", layout="stereo"
        )
        self._pcm = self._pcm[FRAME_SAMPLES:]
        frame.sample_rate = RATE
        frame.time_base = MICROSECONDS
        frame.pts = round(due * 1e6)
        self._due = due + FRAME_S
        self._counts.frames += 1
        return frame

    def _piece(self, due: float, now: float) -> Pcm | None:
        """The next sound, whose first sample is due at `due`."""
        jitter = self._jitter
        item = jitter.take()
        if isinstance(item, Sound):
            self._count_concealed(self._ahead)
            self._ahead = 0
            return self._sound(item, due, now)
        if item is None:
            if self._ahead >= MAX_CONCEALED_S * RATE:
                return None
            self._ahead += FRAME_SAMPLES
            return self._concealer.conceal(FRAME_SAMPLES)
        # What was concealed while waiting counts for this; the rest is still to be concealed.
        length = item.length * RATE // jitter.rate
        if isinstance(item, Loss):
            self._count_concealed(max(length, self._ahead))
        rest = max(0, length - self._ahead)
        self._ahead = max(0, self._ahead - length)
        return self._concealer.conceal(min(rest, RATE // 2)) if rest else silence(0)

    def _count_concealed(self, samples: int) -> None:
        self._counts.concealed_s += samples / RATE
        self._counts.received_s += samples / RATE

    def _sound(self, item: Sound, due: float, now: float) -> Pcm:
        if self._decoder is None:
            self._decoder = AUDIO_DECODERS[self._codec]()
        try:
            pcm = self._decoder.decode(item.payload)
        except av.FFmpegError:
            pcm = silence(0)
        ticks = len(pcm) * self._jitter.rate // RATE
        self._jitter.played(ticks)
        self._counts.received_s += len(pcm) / RATE
        joined = self._concealer.received(pcm)
        # Late: take a pitch period out; early: put one in.
        error_s = due - (self._stream.media_time(item.timestamp) + self._stream.offset(now))
        if error_s > SKIP_THRESHOLD_S:
            return silence(0)
        if error_s > SPLICE_THRESHOLD_S:
            return shorten(joined)
        return lengthen(joined) if error_s < -SPLICE_THRESHOLD_S else joined

    def statistics(self) -> FarStatistics:
        """The figures of every track, and the lost packets."""
        return replace(super().statistics(), lost_packets=self._jitter.lost)
