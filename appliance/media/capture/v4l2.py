"""What a Video4Linux camera can deliver, which mode to take, and the controls of one that encodes.

The numbers are those of linux/videodev2.h and linux/v4l2-controls.h.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.media.formats import Size

_ENUM_FMT, _FMT = 0xC0405602, struct.Struct("=III32sI16x")
_ENUM_FRAMESIZES, _FRAMESIZE = 0xC02C564A, struct.Struct("=III6I8x")
_ENUM_FRAMEINTERVALS, _INTERVAL = 0xC034564B, struct.Struct("=IIIII6I8x")
_S_CTRL, _CTRL = 0xC008561C, struct.Struct("=Ii")
_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
_DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE
_FORCE_KEY_FRAME = 0x009909E5  # V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME
_BITRATE = 0x009909CF  # V4L2_CID_MPEG_VIDEO_BITRATE

_FFMPEG_NAMES = {
    "H264": "h264",
    "YU12": "yuv420p",
    "NV12": "nv12",
    "YUYV": "yuyv422",
    "MJPG": "mjpeg",
}
_BY_COST = ("YU12", "NV12", "YUYV", "MJPG")
"""Pixel formats by what their conversion to I420 costs: nothing, little, 0.025, 0.07 CPU s/s."""
QUICK_ENOUGH = 0.8
"""Of the wanted rate: cameras of 50 Hz countries give 25 where 30 are wanted, which nobody sees."""
_COMMON_SIZES = (Size(1920, 1080), Size(1280, 720), Size(640, 480), Size(320, 240))
"""What is asked of a camera that takes any size within bounds."""
_COMMON_FPS = 30.0


@dataclass(frozen=True, slots=True)
class Mode:
    """One format, size and rate in which a camera delivers pictures."""

    fourcc: str
    size: Size
    fps: float

    def options(self) -> dict[str, str]:
        """As FFmpeg's video4linux2 input wants it."""
        return {
            "input_format": _FFMPEG_NAMES[self.fourcc],
            "video_size": f"{self.size.width}x{self.size.height}",
            "framerate": f"{self.fps:g}",
        }


def choose(modes: list[Mode], size: Size, fps: float, *, coded: bool) -> Mode | None:
    """The mode for a wanted size and rate.

    That is the camera's own H.264 where it may be passed through; else, of the modes that are quick
    enough, the smallest that is large enough, in the rate that is nearest above, and the cheapest
    to convert. Where none is quick enough the quickest is taken: MJPEG at 15 pictures a second
    before uncompressed ones at 5. None when the camera names no mode that is known here, which
    leaves the choice to its driver.
    """
    known = [mode for mode in modes if mode.fourcc in _FFMPEG_NAMES]
    enough = fps * QUICK_ENOUGH

    def short(mode: Mode) -> float:
        return max(0.0, fps - 1 - mode.fps)

    if coded:
        own = [m for m in known if m.fourcc == "H264" and m.size == size and m.fps >= enough]
        if own:
            return min(own, key=lambda mode: (short(mode), mode.fps))
    raw = [mode for mode in known if mode.fourcc in _BY_COST]

    def cost(mode: Mode) -> tuple[float, bool, int, float, int, float]:
        pixels = mode.size.width * mode.size.height
        small = mode.size.width < size.width or mode.size.height < size.height
        return (
            # motion matters more than detail
            -float("inf") if mode.fps >= enough else round(-mode.fps),
            small,
            -pixels if small else pixels,
            short(mode),
            _BY_COST.index(mode.fourcc),
            mode.fps,
        )

    return min(raw, key=cost, default=None)


def best_mode(device: str, size: Size, fps: float, *, coded: bool) -> Mode | None:
    """Ask the camera at this path; raises OSError when it is not there."""
    handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    try:
        return choose(list(_modes(handle)), size, fps, coded=coded)
    finally:
        os.close(handle)


def _modes(handle: int) -> Iterator[Mode]:
    for *_, code in _listed(handle, _ENUM_FMT, _FMT, lambda i: _FMT.pack(i, _CAPTURE, 0, b"", 0)):
        fourcc = struct.pack("<I", code).decode("ascii", "replace")
        for size in _sizes(handle, code):
            for rate in _rates(handle, code, size):
                yield Mode(fourcc, size, rate)


def _sizes(handle: int, code: int) -> Iterator[Size]:
    for found in _listed(
        handle, _ENUM_FRAMESIZES, _FRAMESIZE, lambda i: _FRAMESIZE.pack(i, code, *[0] * 7)
    ):
        if found[2] != _DISCRETE:
            least, most = Size(found[3], found[6]), Size(found[4], found[7])
            yield from (
                size
                for size in _COMMON_SIZES
                if least.width <= size.width <= most.width
                and least.height <= size.height <= most.height
            )
            return
        yield Size(found[3], found[4])


def _listed(
    handle: int, request: int, layout: struct.Struct, ask: Callable[[int], bytes]
) -> Iterator[tuple[int, ...]]:
    """Answers of a driver to an enumeration, until it says that there are no more."""
    for index in range(64):
        try:
            answer = fcntl.ioctl(handle, request, ask(index))
        except OSError:
            return
        yield layout.unpack(answer)


def _rates(handle: int, code: int, size: Size) -> Iterator[float]:
    for found in _listed(
        handle,
        _ENUM_FRAMEINTERVALS,
        _INTERVAL,
        lambda i: _INTERVAL.pack(i, code, size.width, size.height, *[0] * 7),
    ):
        numerator, denominator = found[5], found[6]
        if not numerator or not denominator:
            return
        if found[4] != _DISCRETE:  # any interval from this one on
            yield min(_COMMON_FPS, denominator / numerator)
            return
        yield denominator / numerator


class CameraControls:
    """The encoder inside a camera: keyframe and bit rate on request, where its driver has them."""

    def __init__(self, device: str) -> None:
        self._handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)

    def force_keyframe(self) -> bool:
        """Ask for a keyframe; False when the camera cannot, then its next own one must do."""
        return self._set(_FORCE_KEY_FRAME, 1)

    def set_bitrate(self, bps: int) -> bool:
        """Ask for a bit rate; False when the camera cannot."""
        return self._set(_BITRATE, bps)

    def close(self) -> None:
        """Close the device."""
        os.close(self._handle)

    def _set(self, control: int, value: int) -> bool:
        try:
            fcntl.ioctl(self._handle, _S_CTRL, _CTRL.pack(control, value))
        except OSError:
            return False
        return True
