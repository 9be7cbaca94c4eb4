"""Mixes the audio tracks of a meeting into one; a single one is passed on as it is."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from numpy.typing import NDArray

RATE, FRAME = 48000, 960
RING_SAMPLES = RATE  # one second; a source that is further off begins anew
MAX_JITTER_SAMPLES = FRAME // 2  # 10 ms of jitter in due times are not followed
LATE_WAIT_S = 0.03  # for a late source; frames of two sources are at most 20 ms out of step
SILENT_AFTER_S = 0.1  # a source that has sent nothing for so long is not waited for
MAX_FRAMES = 10  # that wait for a slow reader
Pcm = NDArray[np.int32]


@dataclass(slots=True)
class _Source:
    """One track; ``cursor`` is the sample, by the ring's clock, at which its next frame begins."""

    task: asyncio.Task[None]
    cursor: int | None = None
    seen_at: float = float("-inf")


class Mix(MediaStreamTrack):
    """s16 stereo at 48 kHz, 20 ms a frame; ``pts * time_base`` is the monotonic second it is due.

    Tracks are read for as long as they are in the mix, and the newest 200 ms are kept for a
    reader that is slow. Silence of all sources is silence here: no frames.
    """

    kind = "audio"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._sources: dict[MediaStreamTrack, _Source] = {}
        self._ring: Pcm = np.zeros((RING_SAMPLES, 2), np.int32)
        self._zero: float | None = None  # monotonic second of sample 0
        self._next = 0  # first sample that has not been given out
        self._highest = 0  # first sample that nothing has been added to
        self._out: asyncio.Queue[av.AudioFrame | None] = asyncio.Queue(MAX_FRAMES + 1)
        self._timer: asyncio.TimerHandle | None = None

    def choose(self, tracks: set[MediaStreamTrack]) -> None:
        """From now on mix exactly these."""
        for track in set(self._sources) - tracks:
            self._sources.pop(track).task.cancel()
        for track in tracks - set(self._sources):
            task = asyncio.create_task(self._read(track), name="mix")
            self._sources[track] = _Source(task)

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, when all sources have delivered them or are late."""
        frame = await self._out.get() if self.readyState == "live" else None
        if frame is None:
            raise MediaStreamError
        return frame

    def stop(self) -> None:
        """Stop; whoever reads this track gets MediaStreamError."""
        super().stop()
        self.choose(set())
        if self._timer is not None:
            self._timer.cancel()
        if self._out.full():
            self._out.get_nowait()
        self._out.put_nowait(None)

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.AudioFrame):
                self._take(track, frame, self._clock())

    def _take(self, track: MediaStreamTrack, frame: av.AudioFrame, now: float) -> None:
        source = self._sources.get(track)
        if source is None or frame.pts is None or frame.time_base is None:
            return
        due = float(frame.pts * frame.time_base)
        if len(self._sources) == 1 and self._next >= self._highest:
            self._zero = None
            source.seen_at, source.cursor = now, None
            self._give(frame)
            return
        self._add(source, _samples(frame), due, now)
        self._flush(now)

    def _add(self, source: _Source, samples: Pcm, due: float, now: float) -> None:
        if (
            self._zero is None
            or not -RING_SAMPLES < (due - self._zero) * RATE - self._next < RING_SAMPLES - FRAME
        ):
            self._zero, self._next, self._highest = due, 0, 0
            self._ring[:] = 0
            for other in self._sources.values():
                other.cursor = None
        at = round((due - self._zero) * RATE)
        if source.cursor is not None and abs(at - source.cursor) <= MAX_JITTER_SAMPLES:
            at = source.cursor
        source.cursor, source.seen_at = at + len(samples), now
        samples = samples[max(0, self._next - at) :]  # what comes too late is not heard
        if len(samples):
            where = np.arange(source.cursor - len(samples), source.cursor) % RING_SAMPLES
            self._ring[where] += samples
            self._highest = max(self._highest, source.cursor)

    def _flush(self, now: float) -> None:
        """Put out every frame that is complete, or that has been waited for long enough."""
        if self._zero is None:
            return
        while self._next + FRAME <= self._highest:
            end = self._next + FRAME
            late = now - (self._zero + end / RATE) > LATE_WAIT_S - FRAME / RATE
            heard = (s for s in self._sources.values() if now - s.seen_at < SILENT_AFTER_S)
            if not late and any((source.cursor or 0) < end for source in heard):
                break
            where = np.arange(self._next, end) % RING_SAMPLES
            pcm = np.clip(self._ring[where], -32768, 32767).astype(np.int16)
            self._ring[where] = 0
            self._give(_frame(pcm, self._zero + self._next / RATE))
            self._next = end
        if self._next + FRAME <= self._highest and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LATE_WAIT_S / 2, self._later)

    def _later(self) -> None:
        self._timer = None
        self._flush(self._clock())

    def _give(self, frame: av.AudioFrame) -> None:
        if self._out.qsize() >= MAX_FRAMES:
            self._out.get_nowait()
        self._out.put_nowait(frame)


def _samples(frame: av.AudioFrame) -> Pcm:
    samples = np.frombuffer(bytes(frame.planes[0])[: frame.samples * 4], np.int16)
    return samples.reshape(-1, 2).astype(np.int32)


def _frame(pcm: NDArray[np.int16], due: float) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate = RATE
    frame.pts = round(due * RATE)
    frame.time_base = Fraction(1, RATE)
    return frame
