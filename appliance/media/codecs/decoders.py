"""The decoders of what a far end sends: payload bytes in, pictures or 48 kHz stereo out."""

from collections.abc import Callable
from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from appliance.media.codecs.held_back import HeldBack
from appliance.media.codecs.upright import square_size, turned
from appliance.media.jitter.waveform import RATE, Pcm


class AudioDecoder:
    """One audio codec by libavcodec's name, to s16 stereo at 48 kHz.

    Raises av.FFmpegError on a payload that cannot be decoded.
    """

    def __init__(self, name: str, rate: int, layout: str) -> None:
        codec = cast(AudioCodecContext, av.CodecContext.create(name, "r"))
        codec.sample_rate = rate
        codec.layout = layout
        codec.format = "s16"
        self._codec = codec
        self._resampler: av.AudioResampler | None = None
        if rate != RATE or layout != "stereo":
            self._resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)

    def decode(self, payload: bytes) -> Pcm:
        """int16 of shape (samples, 2)."""
        pieces: list[Pcm] = []
        for frame in self._codec.decode(av.Packet(payload)):
            frame.pts = None
            frames = [frame] if self._resampler is None else self._resampler.resample(frame)
            pieces += [cast(Pcm, out.to_ndarray()).reshape(-1, 2) for out in frames]
        return np.concatenate(pieces) if pieces else np.zeros((0, 2), np.int16)


AUDIO_DECODERS: dict[str, Callable[[], AudioDecoder]] = {
    "opus": lambda: AudioDecoder("libopus", RATE, "stereo"),
    "g722": lambda: AudioDecoder("g722", 16000, "mono"),
    "pcma": lambda: AudioDecoder("pcm_alaw", 8000, "mono"),
    "pcmu": lambda: AudioDecoder("pcm_mulaw", 8000, "mono"),
}


MAX_PIXELS = 4_096 * 2_304  # a parameter set may ask for 300 megapixels: no memory has room


class VideoDecoder:
    """One video codec by libavcodec's name, on one thread, to yuv420p of square pixels.

    No picture waits for another, unless B frames come: then each comes when its turn is.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._codec = self._context()
        self._held_back = HeldBack()
        self.orientation = 0
        """How the pictures are to be turned (`upright.turned`)."""

    def _context(self) -> VideoCodecContext:
        codec = cast(VideoCodecContext, av.CodecContext.create(self._name, "r"))
        codec.thread_count = 1
        codec.flags |= Flags.low_delay | Flags.output_corrupt
        codec.options = {"max_pixels": str(MAX_PIXELS)}
        return codec

    def decode(
        self, data: bytes, pts: int | None = None, *, key: bool = False
    ) -> list[av.VideoFrame]:
        """The pictures that one access unit brings, each with the `pts` of its own access unit.

        Raises av.FFmpegError.
        """
        packet = av.Packet(data)
        packet.pts = pts
        if pts is not None:
            self._held_back.goes_in(data, pts, key=key)
        frames = self._held_back.comes_out(self._codec.decode(packet))
        return [self._upright(frame) for frame in frames]

    @property
    def holds_back(self) -> bool:
        """Whether pictures wait for later ones, for B frames may come."""
        return self._held_back.some

    def held_back(self) -> list[av.VideoFrame]:
        """The pictures that wait, when nothing more comes; raises av.FFmpegError."""
        return [self._upright(frame) for frame in self._held_back.again(self._context())]

    def _upright(self, frame: av.VideoFrame) -> av.VideoFrame:
        size = (frame.width, frame.height)
        width, height = square_size(*size, self._codec.sample_aspect_ratio)
        if width * height > MAX_PIXELS:
            width, height = size
        if frame.format.name != "yuv420p" or (width, height) != size:
            converted = frame.reformat(width=width, height=height, format="yuv420p")
            converted.pts = frame.pts
            frame = converted
        return turned(frame, self.orientation)


VIDEO_DECODERS: dict[str, Callable[[], VideoDecoder]] = {
    "h264": lambda: VideoDecoder("h264"),
    "vp8": lambda: VideoDecoder("vp8"),
}
