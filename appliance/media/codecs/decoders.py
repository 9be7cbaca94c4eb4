"""The decoders of what a far end sends: payload bytes in, pictures or 48 kHz stereo out."""

from collections.abc import Callable
from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

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


class VideoDecoder:
    """One video codec by libavcodec's name, on one thread, without delay, to yuv420p."""

    def __init__(self, name: str) -> None:
        codec = cast(VideoCodecContext, av.CodecContext.create(name, "r"))
        codec.thread_count = 1
        codec.flags |= Flags.low_delay | Flags.output_corrupt
        self._codec = codec

    def decode(self, data: bytes) -> list[av.VideoFrame]:
        """The pictures of one access unit; raises av.FFmpegError."""
        frames = self._codec.decode(av.Packet(data))
        return [
            frame if frame.format.name == "yuv420p" else frame.reformat(format="yuv420p")
            for frame in frames
        ]


VIDEO_DECODERS: dict[str, Callable[[], VideoDecoder]] = {
    "h264": lambda: VideoDecoder("h264"),
    "vp8": lambda: VideoDecoder("vp8"),
}
