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


MAX_PIXELS = 4_096 * 2_304  # a parameter set may ask for 300 megapixels: no memory has room


class VideoDecoder:
    """One video codec by libavcodec's name, on one thread, to yuv420p.

    No picture waits for another, unless B frames come: then each comes when its turn is.
    """

    def __init__(self, name: str) -> None:
        codec = cast(VideoCodecContext, av.CodecContext.create(name, "r"))
        codec.thread_count = 1
        codec.flags |= Flags.low_delay | Flags.output_corrupt
        codec.options = {"max_pixels": str(MAX_PIXELS)}
        self._codec = codec

    def decode(self, data: bytes, pts: int | None = None) -> list[av.VideoFrame]:
        """The pictures that one access unit brings, each with the `pts` of its own access unit.

        Raises av.FFmpegError.
        """
        packet = av.Packet(data)
        packet.pts = pts
        return [_yuv420p(frame) for frame in self._codec.decode(packet)]


def _yuv420p(frame: av.VideoFrame) -> av.VideoFrame:
    if frame.format.name == "yuv420p":
        return frame
    converted = frame.reformat(format="yuv420p")
    converted.pts = frame.pts
    return converted


VIDEO_DECODERS: dict[str, Callable[[], VideoDecoder]] = {
    "h264": lambda: VideoDecoder("h264"),
    "vp8": lambda: VideoDecoder("vp8"),
}
