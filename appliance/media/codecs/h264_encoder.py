"""One H.264 encoder: I420 pictures in, Annex B access units out; software gives one for one."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import cast

import av
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from appliance.media.codecs.board_encoders import SOFTWARE_ENCODER
from appliance.media.codecs.parameter_sets import ParameterSets
from appliance.media.formats import VIDEO_CLOCK, VIDEO_TIME_BASE, Size

log = logging.getLogger(__name__)

MAX_KEYFRAME_INTERVAL_S = 10
"""Between two keyframes: a far end that missed one and cannot ask sees a picture again."""
VBV_BUFFER_S = 0.5
"""The VBV buffer: a keyframe may be as large as what the line carries in this time."""
MAX_SLICE_BYTES = 1_150
"""Less than a packet's payload: x264 keeps to the limit only nearly."""
MAX_RETUNE_FACTOR = 2.0
"""A change of the rate by more than this factor needs a new encoder, for its VBV buffer."""


class EncoderError(RuntimeError):
    """None of the given encoders works on this machine."""


class H264Encoder:
    """Constrained Baseline, one slice unless `sliced`, no B frames. Not thread-safe.

    All pictures have one size; another size needs another encoder.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        size: Size,
        fps: float,
        bitrate: int,
        threads: int = 1,
        *,
        sliced: bool = False,
    ) -> None:
        """Opens the first encoder of `names` that works; raises EncoderError when none does.

        `sliced`: no slice is longer than MAX_SLICE_BYTES (libx264 only, so that is taken then).
        """
        self.size = size
        self.fps = fps
        self.bitrate = bitrate
        self.name = ""
        self.names = (SOFTWARE_ENCODER,) if sliced else names
        """What is still to be tried, the running one first."""
        self._sliced = sliced
        self._threads = threads
        self._built_for = bitrate
        self._context = self._build()

    def encode(self, frame: av.VideoFrame, at: float, *, keyframe: bool) -> list[Packet[Stream]]:
        """The access units of a yuv420p picture of this size, captured at a monotonic second.

        The packets have time_base 1/90000 and is_keyframe; a keyframe carries SPS and PPS.
        """
        # what a decoder left here would make a recording's keyframes ours
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        frame.pts = round(at * VIDEO_CLOCK)
        frame.time_base = VIDEO_TIME_BASE
        try:
            packets = self._context.encode(frame)
        except FFmpegError as error:
            # A hardware encoder's driver may refuse only as it starts, at the first picture.
            if len(self.names) == 1:
                raise
            log.warning("encoder %s fails: %s", self.name, error)
            self.names = self.names[1:]
            self._context = self._build()
            packets = self._context.encode(frame)
        if self.name == SOFTWARE_ENCODER:
            return packets
        return [packet for one in packets if (packet := self._with_parameter_sets(one))]

    def set_bitrate(self, bps: int) -> None:
        """Aim at another bit rate, where possible without a new encoder (and its keyframe)."""
        if bps == self.bitrate:
            return
        self.bitrate = bps
        tunable = self.name == SOFTWARE_ENCODER
        if tunable and 1 / MAX_RETUNE_FACTOR <= bps / self._built_for <= MAX_RETUNE_FACTOR:
            # libx264.c takes this up before the next frame; x264 keeps a stream that began as CBR
            # (maxrate = bit rate) CBR, so that its VBV rate follows
            self._context.bit_rate = bps
        else:
            self._context = self._build()

    def _with_parameter_sets(self, packet: Packet[Stream]) -> Packet[Stream] | None:
        unit = bytes(packet)
        whole = self._parameter_sets.repeat(unit, keyframe=packet.is_keyframe)
        if whole == unit:
            return packet
        if not whole:
            return None
        longer = Packet(whole)
        longer.pts, longer.dts, longer.time_base = packet.pts, packet.dts, packet.time_base
        longer.is_keyframe = packet.is_keyframe
        return longer

    def _build(self) -> VideoCodecContext:
        problems = []
        self._parameter_sets = ParameterSets()
        for name in self.names:
            try:
                context = self._open(name)
            except (FFmpegError, ValueError) as error:
                problems.append(f"{name}: {error}")
                continue
            for problem in problems:
                log.info("encoder %s", problem)
            # a hardware encoder that failed once is not tried again at each change of rate
            self.name, self.names = name, self.names[self.names.index(name) :]
            self._built_for = self.bitrate
            return context
        raise EncoderError(f"no H.264 encoder works here ({'; '.join(problems)})")

    def _open(self, name: str) -> VideoCodecContext:
        context = cast(VideoCodecContext, av.CodecContext.create(name, "w"))
        context.width, context.height = self.size
        context.pix_fmt = "yuv420p"
        context.framerate = Fraction(self.fps).limit_denominator(1001)
        context.time_base = VIDEO_TIME_BASE
        context.bit_rate = self.bitrate
        context.gop_size = round(self.fps * MAX_KEYFRAME_INTERVAL_S)
        context.max_b_frames = 0
        context.profile = "Constrained Baseline"
        context.thread_count = self._threads
        if name == SOFTWARE_ENCODER:
            context.profile = "Baseline"  # x264 sets constraint_set1: 42 c0, Constrained Baseline
            context.options = {
                "preset": "ultrafast",
                "tune": "zerolatency",
                "maxrate": str(self.bitrate),
                "bufsize": str(round(self.bitrate * VBV_BUFFER_S)),
                "forced-idr": "1",
                "sc_threshold": "0",
                **({"slice-max-size": str(MAX_SLICE_BYTES)} if self._sliced else {}),
                **({"level": "31"} if self.size.width * self.size.height <= 921_600 else {}),
            }
        context.open()
        return context
