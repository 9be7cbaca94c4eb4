"""Keeps what came in of a test call in one Matroska file: picture as H.264, sound as Opus."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

_TICK = Fraction(1, 1000)
MAX_WAITING = 500  # ten seconds of sound: a call without a picture by then has none


class Recording:
    """Frames in by ``take``, whatever their size; the file is whole after ``close``.

    A file's head names all its streams, so what is heard before the first picture waits for it.
    Raises OSError when the file cannot be made. The picture keeps the size of its first frame.
    """

    def __init__(self, path: Path) -> None:
        self._file: OutputContainer = av.open(path, "w", format="matroska")
        self._sound: AudioStream | None = None
        self._picture: VideoStream | None = None
        self._waiting: list[av.AudioFrame] = []
        self._zero: float | None = None
        self._shown = self._played = -1

    def take(self, frame: Any) -> None:
        """Keep one frame; its time is its due time."""
        due = float(frame.pts * frame.time_base)
        if self._zero is None:
            self._zero = due
        if self._sound is None:
            picture = frame if isinstance(frame, av.VideoFrame) else None
            if picture is None and len(self._waiting) < MAX_WAITING:
                self._waiting.append(frame)
                return
            self._begin(picture)
        if isinstance(frame, av.VideoFrame):
            self._keep_picture(frame, round((due - self._zero) / _TICK))
        else:
            self._keep_sound(frame, round((due - self._zero) * 48000))

    def close(self) -> None:
        """Write what waits, what the encoders still hold, and the end of the file."""
        if self._sound is None and self._waiting:
            self._begin(None)
        for stream, begun in ((self._picture, self._shown), (self._sound, self._played)):
            if stream is not None and begun >= 0:
                self._file.mux(stream.encode(None))
        self._file.close()

    def _begin(self, picture: av.VideoFrame | None) -> None:
        if picture is not None:
            options = {"preset": "ultrafast", "tune": "zerolatency"}
            self._picture = self._file.add_stream("libx264", rate=30, options=options)
            self._picture.width, self._picture.height = picture.width, picture.height
            self._picture.pix_fmt = "yuv420p"
            self._picture.codec_context.time_base = _TICK
        self._sound = self._file.add_stream("libopus", rate=48000, layout="stereo")
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self.take(frame)

    def _keep_picture(self, frame: av.VideoFrame, pts: int) -> None:
        if self._picture is None or pts <= self._shown:
            return
        self._shown = pts
        width, height = self._picture.width, self._picture.height
        copy = av.VideoFrame.from_ndarray(
            frame.to_ndarray(width=width, height=height, format="yuv420p"), format="yuv420p"
        )
        copy.pts, copy.time_base = pts, _TICK
        self._file.mux(self._picture.encode(copy))

    def _keep_sound(self, frame: av.AudioFrame, pts: int) -> None:
        if self._sound is None or pts <= self._played:
            return
        self._played = pts
        copy = av.AudioFrame.from_ndarray(frame.to_ndarray(), format="s16", layout="stereo")
        copy.sample_rate, copy.pts, copy.time_base = 48000, pts, Fraction(1, 48000)
        self._file.mux(self._sound.encode(copy))
