"""Feeds one VLC input from Python callbacks (VLC's imem access), on a clock that is known exactly.

VLC shows a picture with the presentation time `pts` at `origin + pts` of CLOCK_MONOTONIC. `origin`
is fixed when VLC's first buffering ends, and nothing moves it afterwards: imem says that its pace
can be controlled, so VLC estimates no drift. VLC logs that moment in a debug message, in the
thread that calls our `get`. Two blocks at the start end the buffering at once, and every later
block gets the exact date on which it should leave; VLC's 300 ms of caching are never filled.

Source: VLC 3.0, src/input/es_out.c (EsOutDecodersStopBuffering), src/input/clock.c and
modules/access/imem.c.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

_BUFFERED = b"Decoder wait done in"
_LATE = b"ES_OUT_SET_(GROUP_)PCR  is called too late"
_WAKE_UP_S = 0.010
"""es_out.c: i_wakeup_delay, between the end of buffering and the first block's date."""
_CACHING_MS = 20
MRL = f"imem://caching={_CACHING_MS}"
FILL_S = 0.030
"""Seconds between the blocks that end buffering: more than the caching, so that two of them do."""

_Get = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_int64),
    ctypes.POINTER(ctypes.c_int64),
    ctypes.POINTER(ctypes.c_uint),
    ctypes.POINTER(ctypes.c_size_t),
    ctypes.POINTER(ctypes.c_void_p),
)
_Release = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
)

_PYTHON = ctypes.pythonapi
_LOCKED = 0
"""PyGILState_STATE of a thread that held the lock before (Python/C API)."""
_HELD = threading.local()
"""Whether the state of this thread is held already."""

Memory = tuple[int, int]
"""(address, bytes)"""
Block = tuple[int, int, float]
"""(address, bytes, monotonic second at which it should leave the box)"""


class VlcInput:
    """One elementary stream into VLC.

    `fill()` gives the blocks that end VLC's buffering, `next_block()` all others; None ends the
    stream. Both are called on VLC's input thread, and `next_block` may block. The memory of a
    block must not change before the next call: VLC copies it in between.
    """

    def __init__(self, fill: Callable[[], Memory], next_block: Callable[[], Block | None]) -> None:
        self._fill, self._next_block = fill, next_block
        self._thread = 0
        self._filling: int | None = None
        self._origin: float | None = None
        self._pts = 1_000_000
        self.starts = 0
        """How often VLC has started its clock; more than once means that a block came too late."""
        # VLC keeps only the bare addresses: these objects must live as long as its input.
        self._get = _Get(self._on_get)
        self._release = _Release(_on_release)

    def options(self) -> list[str]:
        """Media options that bind an `imem://` media to this input."""
        return [
            f":imem-get={ctypes.cast(self._get, ctypes.c_void_p).value}",
            f":imem-release={ctypes.cast(self._release, ctypes.c_void_p).value}",
            ":imem-data=0",
        ]

    @property
    def free_from(self) -> float:
        """The monotonic second before which no further block may leave."""
        return 0.0 if self._origin is None else self._origin + self._pts / 1e6

    def begin_again(self) -> None:
        """Forget the clock: the same input is played again. Only while VLC runs none."""
        self._origin = self._filling = None

    def on_log_message(self, message: bytes) -> None:
        """Read a log message of VLC's; to be called in the thread in which VLC sends it."""
        if threading.get_ident() != self._thread:
            return
        if message.startswith(_BUFFERED) and self._filling is not None:
            self._origin = time.monotonic() + _WAKE_UP_S - self._filling / 1e6
            self.starts += 1
        elif message.startswith(_LATE):
            self._origin = self._filling = None

    def _on_get(
        self, _data: int, _cookie: int, dts: Any, pts: Any, flags: Any, size: Any, buffer: Any
    ) -> int:
        self._thread = threading.get_ident()
        if not hasattr(_HELD, "here"):
            # ctypes makes Python's state of a foreign thread anew for each of its calls, and maps
            # and unmaps memory for it: more work than all that is done here. Held once more, it
            # stays until the stream ends. VLC may end a thread between two calls, and the next one
            # may have its number: so the state itself says that it is held, and nothing else.
            _HELD.here = True
            _PYTHON.PyGILState_Ensure()
        if self._origin is None:
            address, count = self._fill()
            self._pts += round(FILL_S * 1e6)
            if self._filling is None:
                self._filling = self._pts
        else:
            block = self._next_block()
            if block is None:
                del _HELD.here
                _PYTHON.PyGILState_Release(_LOCKED)
                return 1
            address, count, date = block
            self._pts = max(round((date - self._origin) * 1e6), self._pts + 1)
        dts[0] = pts[0] = self._pts
        flags[0] = 0
        size[0], buffer[0] = count, address
        return 0


def _on_release(*_: object) -> None:
    """Do nothing: the streams themselves reuse the memory that VLC gives back."""
