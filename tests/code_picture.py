"""A number that a picture carries through cameras, encoders, scalers and televisions.

Sixteen cells across the middle of the picture, each with its opposite below it: three bits say who
sends, ten which picture it is, three check them. A picture without a code, one that is caught half
drawn, a blurred one and another sender's are all told apart from a good one.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from appliance.media.capture.i420 import plane

Luma = NDArray[np.uint8]

CELLS = 16
NUMBERS = 1 << 10
LEFT, RIGHT = 0.1, 0.9
"""Of the width."""
TOP, MIDDLE, BOTTOM = 0.36, 0.48, 0.60
"""Of the height: no sign of the TV stands there, nor the self-view."""
CONTRAST = 60
"""Luma steps between a cell and its opposite; 204 are sent."""

SITE, GUEST, CHAIR = 1, 2, 3
"""Who sends."""


@dataclass(frozen=True, slots=True)
class Code:
    """`who` 0 to 7, `number` 0 to 1023."""

    who: int
    number: int

    @property
    def bits(self) -> int:
        """Sixteen bits, the check last."""
        value = self.who << 10 | self.number
        return value << 3 | _check(value)


def _check(value: int) -> int:
    return (value * 5 + (value >> 4) + (value >> 9) + 3) % 7


def draw(luma: Luma, code: Code) -> None:
    """Draw into a luma plane (rows, columns) of any size."""
    height, width = luma.shape
    rows = [round(height * at) for at in (TOP, MIDDLE, BOTTOM)]
    columns = np.linspace(width * LEFT, width * RIGHT, CELLS + 1).round().astype(int)
    for cell in range(CELLS):
        one = code.bits >> (CELLS - 1 - cell) & 1
        upper, lower = (220, 16) if one else (16, 220)
        part = slice(columns[cell], columns[cell + 1])
        luma[rows[0] : rows[1], part] = upper
        luma[rows[1] : rows[2], part] = lower


def read(picture: NDArray[np.uint8]) -> Code | None:
    """The code in a picture: luma (rows, columns) or RGB (rows, columns, 3); None without one."""
    grey = picture if picture.ndim == 2 else picture[:, :, 1]
    height, width = grey.shape
    columns = width * (LEFT + (RIGHT - LEFT) * (np.arange(CELLS) + 0.5) / CELLS)
    upper = _level(grey, columns, height * (TOP + MIDDLE) / 2)
    lower = _level(grey, columns, height * (MIDDLE + BOTTOM) / 2)
    steps = upper - lower
    if (np.abs(steps) < CONTRAST).any():
        return None
    value = int("".join("1" if step > 0 else "0" for step in steps), 2)
    code = Code(value >> 13, value >> 3 & NUMBERS - 1)
    return code if code.bits == value else None


def _level(grey: Luma, columns: NDArray[np.float64], row: float) -> NDArray[np.float64]:
    """The mean of a few pixels round the middle of each cell."""
    reach = max(1, grey.shape[1] // 160)
    rows = slice(int(row) - reach, int(row) + reach + 1)
    levels = [grey[rows, int(at) - reach : int(at) + reach + 1].mean() for at in columns]
    return np.array(levels)


def frame(code: Code, size: tuple[int, int]) -> av.VideoFrame:
    """A picture of that (width, height) with the code over a soft slope."""
    picture = av.VideoFrame(*size, "yuv420p")
    luma = plane(picture, 0)
    luma[:] = np.linspace(60, 180, size[0]).astype(np.uint8)
    draw(luma, code)
    for index, level in ((1, 100 + 12 * code.who), (2, 150 - 10 * code.who)):
        plane(picture, index)[:] = level
    return picture


def write_recording(
    path: Path, who: int, *, frames: int = 150, fps: int = 15, size: tuple[int, int] = (640, 360)
) -> Path:
    """A recording of numbered pictures: H.264 for `.mp4`, raw for `.y4m` (Chromium's camera)."""
    if path.suffix == ".y4m":
        return _write_raw(path, who, frames, fps, size)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = fps
        stream.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency"}
        for number in range(frames):
            picture = frame(Code(who, number), size)
            picture.pts, picture.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def _write_raw(path: Path, who: int, frames: int, fps: int, size: tuple[int, int]) -> Path:
    """YUV4MPEG2: a line of words, then a line and three planes for each picture."""
    width, height = size
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(frames):
            file.write(b"FRAME\n")
            file.write(frame(Code(who, number), size).to_ndarray().tobytes())
    return path
