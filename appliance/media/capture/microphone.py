"""The microphone of a site: off until it is wanted, one device for all near tracks."""

from __future__ import annotations

import math
import threading
from collections import deque

import numpy as np

from appliance.media.capture.device import Capture, CaptureControl, CaptureState
from appliance.media.capture.read_audio import read_audio
from appliance.media.capture.sources import Source, SourceKind

MAX_BLOCKS = 10
"""Blocks kept, 200 ms; a reader that lags behind further loses the oldest."""
SILENCE_DBFS = -100.0


class Microphone:
    """Owns the capture thread. While `live` is False (as at the beginning) no sample of the device
    is kept: near tracks find nothing and send silence.

    source: see Source. channels: 1 or 2.
    """

    def __init__(self, source: str | Source, channels: int = 1) -> None:
        self.source = source if isinstance(source, Source) else Source.parse(source)
        self.channels = channels
        self._ring: deque[bytes] = deque(maxlen=MAX_BLOCKS)
        self._count = 0  # blocks that ever entered the ring
        self._live = False
        self._lock = threading.Lock()
        self._newest = b""
        self._loudest: float | None = None
        self._control = CaptureControl()
        self._capture: Capture[bytes] | None = None

    def open(self) -> None:
        """Start the capture thread, which opens the device. Idempotent."""
        if self._capture is not None:
            return
        plugged = self._control.plugged
        self._control = CaptureControl()
        self._control.plugged = plugged
        self._capture = Capture(
            str(self.source),
            lambda control: read_audio(self.source, self.channels, control),
            self._deliver,
            control=self._control,
        )
        if self.source.kind is not SourceKind.NONE:
            self._capture.start()

    def close(self, deadline_s: float = 3.0) -> bool:
        """Stop and join the thread; False when the device hangs. Idempotent."""
        capture, self._capture = self._capture, None
        ended = True
        if capture is not None and self.source.kind is not SourceKind.NONE:
            ended = capture.join(deadline_s)
        with self._lock:
            self._ring.clear()
            self._newest = b""
            self._loudest = None
        return ended

    @property
    def state(self) -> CaptureState:
        """What the device is doing now."""
        if self._capture is None:
            return CaptureState.CLOSED
        if self.source.kind is SourceKind.NONE:
            return CaptureState.NONE
        return self._capture.state

    @property
    def problem(self) -> str:
        """Why there is no sound, in one line; empty when all is well or none is due."""
        return self._capture.problem if self._capture else ""

    @property
    def plugged(self) -> bool:
        """Whether the microphone is plugged in; the simulator sets it to False to pull it out."""
        return self._control.plugged

    @plugged.setter
    def plugged(self, plugged: bool) -> None:
        self._control.plugged = plugged

    @property
    def live(self) -> bool:
        """Whether the sound of the room is sent."""
        return self._live

    @live.setter
    def live(self, live: bool) -> None:
        with self._lock:
            self._live = live
            self._ring.clear()

    def level(self) -> float:
        """Loudness of the newest 20 ms in dBFS (-100 .. 0), also while not live, for the screen;
        -100 without a device."""
        return _dbfs(self._newest) if self.state is CaptureState.LIVE else SILENCE_DBFS

    def loudest(self) -> float | None:
        """Loudness of the loudest 20 ms since the last call, in dBFS (-100 .. 0), also while
        not live: whether the device hears the room at all. None where nothing has come."""
        with self._lock:
            loudest, self._loudest = self._loudest, None
        return loudest

    def take(self, cursor: int, behind: int) -> tuple[bytes | None, int]:
        """The block at this cursor and the next cursor; (None, cursor) when it has not come yet.

        A cursor that lags more than `behind` blocks is moved up to two behind the newest, as is
        one of a ring that was emptied; two readers do not disturb each other.
        """
        with self._lock:
            oldest = self._count - len(self._ring)
            if cursor < max(oldest, self._count - behind):
                cursor = max(oldest, self._count - 2)
            if cursor >= self._count:
                return None, cursor
            return self._ring[cursor - oldest], cursor + 1

    def waiting(self, cursor: int) -> int:
        """How many blocks lie ready for this cursor."""
        with self._lock:
            return min(len(self._ring), max(0, self._count - cursor))

    def _deliver(self, block: bytes) -> None:
        self._newest = block
        loudness = _dbfs(block)
        with self._lock:
            self._loudest = loudness if self._loudest is None else max(self._loudest, loudness)
            if self._live:
                self._ring.append(block)
                self._count += 1


def _dbfs(block: bytes) -> float:
    """Of s16 samples; a square wave of full scale is 0."""
    if not block:
        return SILENCE_DBFS
    samples = np.frombuffer(block, np.int16).astype(np.float32)
    power = float(np.mean(samples * samples)) / 32768.0**2
    return max(SILENCE_DBFS, 10 * math.log10(power)) if power > 0 else SILENCE_DBFS
