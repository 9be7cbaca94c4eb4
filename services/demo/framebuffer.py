"""Reads the pixels of a virtual display straight from its memory."""

import mmap
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_HEADER_WORDS = 25  # XWDFileHeader, X11/XWDFile.h: big-endian CARD32s
_COLOUR_BYTES = 12  # XWDColor


class Framebuffer:
    """The screen that Xvfb keeps in a file (-fbdir), seen without a copy and without X calls."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        words = struct.unpack_from(f">{_HEADER_WORDS}I", self._map)
        header_bytes, self.width, self.height = words[0], words[4], words[5]
        bits, line_bytes, colours = words[11], words[12], words[19]
        if bits != 32:
            raise ValueError(f"{path}: {bits} bits per pixel, want 32 (Xvfb -screen 0 WxHx24)")
        flat = np.frombuffer(self._map, np.uint8, offset=header_bytes + colours * _COLOUR_BYTES)
        rows = flat[: self.height * line_bytes].reshape(self.height, line_bytes)
        self._pixels = rows[:, : self.width * 4].reshape(self.height, self.width, 4)

    def live(self) -> NDArray[np.uint8]:
        """(height, width, 4) BGRX, changing under the reader's eyes: no copy."""
        return self._pixels

    def grab(self) -> NDArray[np.uint8]:
        """(height, width, 3) RGB as it is now."""
        return self._pixels[:, :, 2::-1].copy()
