"""One VP8 encoder, for a meeting room that takes no H.264: I420 pictures in, frames out."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from appliance.media.codecs.h264_encoder import (
    MAX_KEYFRAME_INTERVAL_S,
    VBV_BUFFER_S,
    EncoderError,
)
from appliance.media.formats import VIDEO_CLOCK, VIDEO_TIME_BASE, Size

VP8_ENCODER: Final = "libvpx"
SPEED = 12
"""libvpx's cpu-used: 0.22 CPU seconds a second at 720p30, as much as libx264's ultrafast and half
again; 8 costs 0.37 (measured on a Xeon)."""
MAX_KEYFRAME_PERCENT = 900
"""Of a mean frame's size: a keyframe takes 0.3 s of the line at most, at 30 frames a second."""
MAX_UNTUNED_FACTOR = 1.2
"""FFmpeg's libvpx takes no other bit rate while it runs, and a new encoder begins with a keyframe:
smaller changes than this factor are passed over."""


class Vp8Encoder:
    """Real-time VP8, one partition, no alternate reference frames. Not thread-safe.

    All pictures have one size; another size needs another encoder. The same as H264Encoder to
    whoever uses it.
    """

    def __init__(self, size: Size, fps: float, bitrate: int, threads: int = 1) -> None:
        """Raises EncoderError where this FFmpeg has no libvpx."""
        self.size = size
        self.fps = fps
        self.bitrate = bitrate
        self.name = VP8_ENCODER
        self._threads = threads
        self._context = self._build()

    def encode(self, frame: av.VideoFrame, at: float, *, keyframe: bool) -> list[Packet[Stream]]:
        """The frames of a yuv420p picture of this size, captured at a monotonic second.

        The packets have time_base 1/90000 and is_keyframe.
        """
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        frame.pts = round(at * VIDEO_CLOCK)
        frame.time_base = VIDEO_TIME_BASE
        return self._context.encode(frame)

    def set_bitrate(self, bps: int) -> None:
        """Aim at another bit rate; a change that matters begins a new stream with a keyframe."""
        if not 1 / MAX_UNTUNED_FACTOR <= bps / self.bitrate <= MAX_UNTUNED_FACTOR:
            self.bitrate = bps
            self._context = self._build()

    def _build(self) -> VideoCodecContext:
        try:
            context = av.CodecContext.create(VP8_ENCODER, "w")
            context.width, context.height = self.size
            context.pix_fmt = "yuv420p"
            context.framerate = Fraction(self.fps).limit_denominator(1001)
            context.time_base = VIDEO_TIME_BASE
            context.bit_rate = self.bitrate
            context.gop_size = round(self.fps * MAX_KEYFRAME_INTERVAL_S)
            context.max_b_frames = 0
            context.thread_count = self._threads
            context.qmin, context.qmax = 4, 63
            # Equal lowest, highest and mean rate make it CBR (libvpxenc.c).
            rate = str(self.bitrate)
            context.options = {
                "deadline": "realtime",
                "cpu-used": f"-{SPEED}",
                "lag-in-frames": "0",
                "auto-alt-ref": "0",
                "error-resilient": "default",
                "minrate": rate,
                "maxrate": rate,
                "bufsize": str(round(self.bitrate * VBV_BUFFER_S)),
                "max-intra-rate": str(MAX_KEYFRAME_PERCENT),
                "undershoot-pct": "100",
                "overshoot-pct": "15",
                "static-thresh": "1",
            }
            context.open()
        except (FFmpegError, ValueError) as error:
            raise EncoderError(f"no VP8 encoder works here ({error})") from error
        return context
