"""Keeps what came in of a test call in one Matroska file: picture as H.264, sound as Opus."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

_TICK = Fraction(1, 1000)


class Recording:
    """Frames in by ``take``, whatever their size; the file is whole after ``close``.

    Raises OSError when the file cannot be made. The picture keeps the size of its first frame.
    """

    def __init__(self, path: Path) -> None:
        self._file = av.open(path, "w", format="matroska")
        self._sound: AudioStream = self._file.add_stream("libopus", rate=48000, layout="stereo")
        self._picture: VideoStream = self._file.add_stream(
            "libx264", rate=30, options={"preset": "ultrafast", "tune": "zerolatency"}
        )
        self._picture.pix_fmt = "yuv420p"
        self._picture.codec_context.time_base = _TICK
        self._zero: float | None = None
        self._shown = self._played = -1
        self._sized = False

    def take(self, frame: Any) -> None:
        """Keep one frame; its time is its due time."""
        due = float(frame.pts * frame.time_base)
        if self._zero is None:
            self._zero = due
        since = due - self._zero
        if isinstance(frame, av.VideoFrame):
            self._keep_picture(frame, round(since / _TICK))
        else:
            self._keep_sound(frame, round(since * 48000))

    def close(self) -> None:
        """Write what the encoders still hold, and the end of the file."""
        if self._sized:
            self._file.mux(self._picture.encode(None))
        if self._played >= 0:
            self._file.mux(self._sound.encode(None))
        self._file.close()

    def _keep_picture(self, frame: av.VideoFrame, pts: int) -> None:
        if not self._sized:
            self._sized = True
            self._picture.width, self._picture.height = frame.width, frame.height
        if pts <= self._shown:
            return
        self._shown = pts
        size = (self._picture.width, self._picture.height)
        copy = frame.reformat(width=size[0], height=size[1], format="yuv420p")
        if copy is frame:
            copy = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
        copy.pts, copy.time_base = pts, _TICK
        self._file.mux(self._picture.encode(copy))

    def _keep_sound(self, frame: av.AudioFrame, pts: int) -> None:
        if pts <= self._played:
            return
        self._played = pts
        copy = av.AudioFrame.from_ndarray(frame.to_ndarray(), format="s16", layout="stereo")
        copy.sample_rate, copy.pts, copy.time_base = 48000, pts, Fraction(1, 48000)
        self._file.mux(self._sound.encode(copy))
