"""Readers of pictures: a camera, a recording or a test pattern, decoded or as its own H.264."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import av
from av.bitstream import BitStreamFilterContext
from av.codec.context import ThreadType
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from appliance.media.capture.damage import JpegEnds
from appliance.media.capture.device import CaptureControl, describe
from appliance.media.capture.ffmpeg_input import (
    captured_at,
    is_live,
    monotonic,
    open_input,
    packets,
)
from appliance.media.capture.pacing import FrameRateLimiter, Pace
from appliance.media.capture.sources import DeviceGoneError, Source, SourceKind
from appliance.media.capture.v4l2 import CameraControls, best_mode
from appliance.media.formats import Size

_START_CODE = b"\0\0\1"
_INTRA_CODECS = ("mjpeg", "rawvideo")  # each packet is a picture


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A decoded picture, captured at this monotonic second."""

    at: float
    frame: av.VideoFrame


@dataclass(frozen=True, slots=True)
class CodedFrame:
    """One H.264 access unit (Annex B) from a camera that encodes, with SPS and PPS at keyframes."""

    at: float
    data: bytes
    keyframe: bool


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """What the camera should deliver."""

    size: Size
    fps: float
    passthrough: bool


def read_video(
    source: Source, settings: CaptureSettings, control: CaptureControl
) -> Generator[TimedFrame | CodedFrame, None, None]:
    """Pictures of a source in real time, until the control says stop.

    Yields CodedFrame where the settings allow passthrough and the source is H.264 without B frames
    (a camera's always is), else TimedFrame. Raises FFmpegError, OSError or DeviceGoneError.
    """
    try:
        yield from _open(source, settings, control)
    except _BitrateTooHighError:
        yield from _open(source, replace(settings, passthrough=False), control)


class _BitrateTooHighError(Exception):
    """The camera's own H.264 exceeds the bit rate, and the camera cannot lower it."""


def _open(
    source: Source, settings: CaptureSettings, control: CaptureControl
) -> Iterator[TimedFrame | CodedFrame]:
    options: dict[str, str] = {}
    if source.kind is SourceKind.V4L2:
        mode = best_mode(source.name, settings.size, settings.fps, coded=settings.passthrough)
        options = mode.options() if mode else {}
    with open_input(source, options) as container:
        if not container.streams.video:
            raise DeviceGoneError(f"{source} holds no picture")
        stream = container.streams.video[0]
        control.damage.begin(monotonic())
        if settings.passthrough and _passable(stream):
            yield from _coded(source, container, stream, control)
        else:
            yield from _decoded(source, container, stream, settings, control)


def _passable(stream: VideoStream) -> bool:
    context = stream.codec_context
    # with B frames packets do not leave in the order of their times, which RTP receivers of
    # WebRTC do not expect (RFC 6184 allows it only in interleaved mode)
    return context.name == "h264" and not context.has_b_frames


def _decoded(
    source: Source,
    container: InputContainer,
    stream: VideoStream,
    settings: CaptureSettings,
    control: CaptureControl,
) -> Iterator[TimedFrame]:
    stream.codec_context.thread_count = 1
    stream.codec_context.thread_type = ThreadType.NONE
    limiter = FrameRateLimiter(settings.fps)
    pace = Pace()
    live = is_live(source)
    jpeg_ends = JpegEnds()
    loop_s = 0.0
    while not control.stopped:
        last_s = 0.0
        for packet in packets(container, stream, control):
            for frame in _frames(packet, stream, control, jpeg_ends if live else None):
                now = monotonic()
                if live:
                    at = captured_at(frame.time, now)
                else:
                    last_s = frame.time or 0.0
                    at = pace.due(loop_s + last_s, now)
                if limiter.accept(at):
                    if not live and control.wait(at - now):
                        return
                    yield TimedFrame(at, frame)
        loop_s += last_s + _frame_s(stream)
        _rewind(source, container, last_s)
        stream.codec_context.flush_buffers()


def _frames(
    packet: Packet[Stream],
    stream: VideoStream,
    control: CaptureControl,
    jpeg_ends: JpegEnds | None,
) -> list[av.VideoFrame]:
    """The pictures of a packet, none of a damaged one; raises DeviceGoneError after too many.

    `jpeg_ends` is None for a recording, whose last packet is empty. A live device has no end:
    FFmpeg empties a buffer that its driver marks as damaged, and that would end the decoder.
    """
    context = stream.codec_context
    if jpeg_ends is not None and not packet.size:
        control.damage.bad("an empty buffer", monotonic())
        return []
    if jpeg_ends is not None and context.name == "mjpeg" and jpeg_ends.is_cut(bytes(packet)):
        control.damage.bad("a picture that is cut off", monotonic())
        return []
    try:
        frames = context.decode(packet)
    except FFmpegError as error:
        control.damage.bad(describe(error), monotonic())
        return []
    if frames:
        control.damage.good(monotonic())
    elif jpeg_ends is not None and context.name in _INTRA_CODECS:
        control.damage.bad("no picture in it", monotonic())
    return frames


def _coded(
    source: Source, container: InputContainer, stream: VideoStream, control: CaptureControl
) -> Iterator[CodedFrame]:
    pace = Pace()
    live = is_live(source)
    loop_s = 0.0
    begun = False
    with contextlib.ExitStack() as stack:
        controls = CameraControls(source.name) if live else None
        if controls:
            stack.callback(controls.close)
        watch = _BitrateWatch(control, controls)
        while not control.stopped:
            # a no-op for a stream that is Annex B already, which is what cameras deliver
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
            last_s = 0.0
            skipping = False
            for packet in _filtered(to_annex_b, packets(container, stream, control), control, live):
                if packet is None or (skipping and not packet.is_keyframe):
                    # What refers to a damaged picture would be damaged at every far end.
                    if live and not skipping and controls:
                        controls.force_keyframe()
                    skipping = live
                    continue
                skipping = False
                now = monotonic()
                media_s = float(packet.pts * packet.time_base) if packet.pts is not None else None
                if live:
                    at = captured_at(media_s, now)
                else:
                    last_s = media_s or 0.0
                    at = pace.due(loop_s + last_s, now)
                    if control.wait(at - now):
                        return
                watch.see(packet.size, at)
                begun = begun or packet.is_keyframe
                if begun:
                    yield CodedFrame(at, bytes(packet), packet.is_keyframe)
            loop_s += last_s + _frame_s(stream)
            _rewind(source, container, last_s)


def _filtered(
    to_annex_b: BitStreamFilterContext,
    given: Iterator[Packet[Stream]],
    control: CaptureControl,
    live: bool,
) -> Iterator[Packet[Stream] | None]:
    """The packets as Annex B; None for a damaged one of a live device."""
    for packet in given:
        try:
            found = to_annex_b.filter(packet) if packet.size else []
        except FFmpegError:
            found = []
        if live and not any(_START_CODE in bytes(one)[:64] for one in found):
            control.damage.bad("an empty buffer, or no H.264", monotonic())
            yield None
            continue
        if live:
            control.damage.good(monotonic())
        yield from found


class _BitrateWatch:
    """Passes requests on to a camera that encodes; gives up on one whose bit rate is too high."""

    WINDOW_S = 3.0

    def __init__(self, control: CaptureControl, controls: CameraControls | None) -> None:
        self._control, self._controls = control, controls
        self._limit = 0
        self._bytes, self._since = 0, float("-inf")

    def see(self, size: int, at: float) -> None:
        """Count a packet of this many bytes; raises _BitrateTooHighError."""
        control = self._control
        if control.keyframe_wanted:
            control.keyframe_wanted = False
            if self._controls:
                self._controls.force_keyframe()
        if control.bitrate_wanted:
            self._limit, control.bitrate_wanted = control.bitrate_wanted, 0
            if self._controls:
                self._controls.set_bitrate(self._limit)
            self._bytes, self._since = 0, at
        self._bytes += size
        if at - self._since >= self.WINDOW_S:
            # a quarter too much for seconds is no keyframe: the rate itself is too high
            if self._limit and self._bytes * 8 > 1.25 * self._limit * (at - self._since):
                raise _BitrateTooHighError
            self._bytes, self._since = 0, at


def _rewind(source: Source, container: InputContainer, last_s: float) -> None:
    if is_live(source) or last_s <= 0:
        raise DeviceGoneError(f"{source} ended")
    container.seek(0)


def _frame_s(stream: VideoStream) -> float:
    return float(1 / stream.average_rate) if stream.average_rate else 1 / 30
