"""Packets out of FFmpeg inputs, recorded or live, without ever blocking beyond a deadline."""

from __future__ import annotations

import os
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from appliance.media.capture.device import CaptureControl, StallWatch
from appliance.media.capture.sources import Source, SourceError, SourceKind, StalledError

POLL_INTERVAL_S = 0.003
"""Live devices are polled: a blocking read of a hung USB camera never returns."""
OPEN_TIMEOUT_S = 2.5
"""A device that opens but delivers nothing is given up then; shorter than close()'s deadline."""
NON_BLOCKING = "+4"
"""AVFMT_FLAG_NONBLOCK as a number: FFmpeg gives this format flag no name in its options."""

_UNPROBED = {"probesize": "32", "analyzeduration": "100000", "fpsprobesize": "0"}
"""Drivers say what they deliver: FFmpeg's own look at the stream only delays the first picture."""

_FORMATS = {
    # FFmpeg's own key for Video4Linux is this pair of names
    SourceKind.V4L2: "video4linux2,v4l2",
    SourceKind.ALSA: "alsa",
    SourceKind.LAVFI: "lavfi",
    SourceKind.FILE: None,
}

_ALSA_PLACES = {
    # the PyAV wheel carries a libasound of its own, which looks in its builder's folders; without
    # these not even the device "default" is known to it
    "ALSA_CONFIG_DIR": Path("/usr/share/alsa"),
    "ALSA_CONFIG_PATH": Path("/usr/share/alsa/alsa.conf"),
    "ALSA_PLUGIN_DIR": Path(f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/alsa-lib"),
}


def open_input(source: Source, options: dict[str, str] | None = None) -> InputContainer:
    """Open a source; raises FFmpegError or OSError when it is not there."""
    if source.kind is SourceKind.NONE:
        raise SourceError("source 'none' cannot be opened")
    chosen = dict(options or {})
    if source.kind is SourceKind.ALSA:
        for key, place in _ALSA_PLACES.items():
            if place.exists():
                os.environ.setdefault(key, str(place))
    if source.kind in (SourceKind.V4L2, SourceKind.ALSA):
        chosen |= {"fflags": NON_BLOCKING} | _UNPROBED
    return av.open(
        source.name, format=_FORMATS[source.kind], options=chosen, timeout=(OPEN_TIMEOUT_S, 2.0)
    )


def is_live(source: Source) -> bool:
    """Whether the source sets the pace itself."""
    return source.kind in (SourceKind.V4L2, SourceKind.ALSA)


def packets(
    container: InputContainer, stream: VideoStream | AudioStream, control: CaptureControl
) -> Iterator[Packet[Stream]]:
    """Packets of one stream until its end or until the control says stop; the last one is empty and
    flushes the decoder. Raises StalledError when a live device falls silent."""
    watch = StallWatch()
    while not control.stopped:
        try:
            for packet in container.demux(stream):
                watch.fed()
                yield packet
                if control.stopped:
                    return
        except BlockingIOError:
            control.check()
            if watch.stalled:
                raise StalledError("the device is open but delivers nothing") from None
            control.wait(POLL_INTERVAL_S)
        else:
            return


def captured_at(media_s: float | None, now: float) -> float:
    """When a live frame was captured: the driver's own monotonic stamp where it gives one."""
    if media_s is not None and 0 <= now - media_s < 1.0:
        return media_s
    return now


def monotonic() -> float:
    """The clock of all media times, seconds."""
    return time.monotonic()
