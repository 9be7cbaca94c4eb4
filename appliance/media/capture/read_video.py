"""Readers of pictures: a camera, a recording or a test pattern, decoded or as its own H.264."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import av
from av.bitstream import BitStreamFilterContext
from av.codec.context import ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from appliance.media.capture.device import Cable
from appliance.media.capture.ffmpeg_input import (
    captured_at,
    is_live,
    monotonic,
    open_input,
    packets,
)
from appliance.media.capture.pacing import Pace, Thinner
from appliance.media.capture.sources import DeviceGoneError, Source, SourceKind
from appliance.media.capture.v4l2 import CameraControls, best_mode
from appliance.media.formats import Size


@dataclass(frozen=True, slots=True)
class Shot:
    """A decoded picture, captured at this monotonic second."""

    at: float
    frame: av.VideoFrame


@dataclass(frozen=True, slots=True)
class Coded:
    """One H.264 access unit (Annex B) from a camera that encodes, with SPS and PPS at keyframes."""

    at: float
    data: bytes
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What a camera is asked for."""

    size: Size
    fps: float
    passthrough: bool


def read_video(source: Source, wish: Wish, cable: Cable) -> Generator[Shot | Coded, None, None]:
    """Pictures of a source in real time, until the cable says stop.

    Yields Coded where the wish allows passthrough and the source is H.264 without B frames (a
    camera's always is), else Shot. Raises FFmpegError, OSError or DeviceGoneError.
    """
    try:
        yield from _open(source, wish, cable)
    except _TooRichError:
        yield from _open(source, replace(wish, passthrough=False), cable)


class _TooRichError(Exception):
    """The camera's own H.264 is more than the line bears, and it cannot be told to give less."""


def _open(source: Source, wish: Wish, cable: Cable) -> Iterator[Shot | Coded]:
    options: dict[str, str] = {}
    if source.kind is SourceKind.V4L2:
        mode = best_mode(source.name, wish.size, wish.fps, coded=wish.passthrough)
        options = mode.options() if mode else {}
    with open_input(source, options) as container:
        if not container.streams.video:
            raise DeviceGoneError(f"{source} holds no picture")
        stream = container.streams.video[0]
        if wish.passthrough and _passable(stream):
            yield from _coded(source, container, stream, cable)
        else:
            yield from _decoded(source, container, stream, wish, cable)


def _passable(stream: VideoStream) -> bool:
    context = stream.codec_context
    # with B frames packets do not leave in the order of their times, which RTP receivers of
    # WebRTC do not expect (RFC 6184 allows it only in interleaved mode)
    return context.name == "h264" and not context.has_b_frames


def _decoded(
    source: Source, container: InputContainer, stream: VideoStream, wish: Wish, cable: Cable
) -> Iterator[Shot]:
    stream.codec_context.thread_count = 1
    stream.codec_context.thread_type = ThreadType.NONE
    thin = Thinner(wish.fps)
    pace = Pace()
    live = is_live(source)
    loop_s = 0.0
    while not cable.stopped:
        last_s = 0.0
        for packet in packets(container, stream, cable):
            for frame in stream.codec_context.decode(packet):
                now = monotonic()
                if live:
                    at = captured_at(frame.time, now)
                else:
                    last_s = frame.time or 0.0
                    at = pace.due(loop_s + last_s, now)
                if thin.accept(at):
                    if not live and cable.wait(at - now):
                        return
                    yield Shot(at, frame)
        loop_s += last_s + _frame_s(stream)
        _rewind(source, container, last_s)
        stream.codec_context.flush_buffers()


def _coded(
    source: Source, container: InputContainer, stream: VideoStream, cable: Cable
) -> Iterator[Coded]:
    pace = Pace()
    live = is_live(source)
    loop_s = 0.0
    begun = False
    with contextlib.ExitStack() as stack:
        controls = CameraControls(source.name) if live else None
        if controls:
            stack.callback(controls.close)
        obey = _Obedience(cable, controls)
        while not cable.stopped:
            # a no-op for a stream that is Annex B already, which is what cameras deliver
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
            last_s = 0.0
            for packet in _filtered(to_annex_b, packets(container, stream, cable)):
                now = monotonic()
                media_s = float(packet.pts * packet.time_base) if packet.pts is not None else None
                if live:
                    at = captured_at(media_s, now)
                else:
                    last_s = media_s or 0.0
                    at = pace.due(loop_s + last_s, now)
                    if cable.wait(at - now):
                        return
                obey.see(packet.size, at)
                begun = begun or packet.is_keyframe
                if begun:
                    yield Coded(at, bytes(packet), packet.is_keyframe)
            loop_s += last_s + _frame_s(stream)
            _rewind(source, container, last_s)


def _filtered(
    to_annex_b: BitStreamFilterContext, given: Iterator[Packet[Stream]]
) -> Iterator[Packet[Stream]]:
    for packet in given:
        if packet.size:
            yield from to_annex_b.filter(packet)


class _Obedience:
    """Passes on what is asked of a camera that encodes; gives up on one that sends too much."""

    WINDOW_S = 3.0

    def __init__(self, cable: Cable, controls: CameraControls | None) -> None:
        self._cable, self._controls = cable, controls
        self._limit = 0
        self._bytes, self._since = 0, float("-inf")

    def see(self, size: int, at: float) -> None:
        """Count a packet of this many bytes; raises _TooRichError."""
        cable = self._cable
        if cable.keyframe_wanted:
            cable.keyframe_wanted = False
            if self._controls:
                self._controls.force_keyframe()
        if cable.bitrate_wanted:
            self._limit, cable.bitrate_wanted = cable.bitrate_wanted, 0
            if self._controls:
                self._controls.set_bitrate(self._limit)
            self._bytes, self._since = 0, at
        self._bytes += size
        if at - self._since >= self.WINDOW_S:
            # a quarter too much for seconds on end is no keyframe but a rate
            if self._limit and self._bytes * 8 > 1.25 * self._limit * (at - self._since):
                raise _TooRichError
            self._bytes, self._since = 0, at


def _rewind(source: Source, container: InputContainer, last_s: float) -> None:
    if is_live(source) or last_s <= 0:
        raise DeviceGoneError(f"{source} ended")
    container.seek(0)


def _frame_s(stream: VideoStream) -> float:
    return float(1 / stream.average_rate) if stream.average_rate else 1 / 30
