"""The thread that owns an open device, and opens it again whenever it fails."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Generator
from enum import StrEnum
from typing import Generic, TypeVar

from av.error import FFmpegError

from appliance.media.capture.damage import DamageCount
from appliance.media.capture.sources import DeviceGoneError, SourceError

T = TypeVar("T")

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""Between two attempts: a camera that is plugged in again is back within about this time."""
STALL_TIMEOUT_S = 2.0
"""A device that delivers nothing for so long counts as absent: USB cameras hang without error."""
HANG_TIMEOUT_S = 5.0
"""A reader that was not heard of for so long is held by its driver: one that merely opens a device
takes 2.5 s at most. Nothing ends such a wait but the driver."""


class CaptureState(StrEnum):
    """What a camera or microphone is doing."""

    CLOSED = "closed"
    OPENING = "opening"
    LIVE = "live"
    ABSENT = "absent"
    NONE = "none"  # the site has none, which is no problem


class CaptureControl:
    """Requests to a reader's thread: to stop, for a keyframe or a bit rate, to pull the plug."""

    def __init__(self) -> None:
        self.plugged = True
        self.keyframe_wanted = False  # of a camera that encodes by itself
        self.bitrate_wanted = 0  # bit/s of such a camera, 0 for no request
        self.damage = DamageCount()
        self.moved_at = time.monotonic()
        """When the reader last came by here, or sleeps until; it does between any two calls of its
        driver."""
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Let the reader end at its next check."""
        self._stopped.set()

    def wait(self, seconds: float) -> bool:
        """Sleep in the reader's thread; True when the reader is to end."""
        self.moved_at = time.monotonic() + max(0.0, seconds)
        if seconds <= 0:
            return self._stopped.is_set()
        return self._stopped.wait(seconds)

    def check(self) -> None:
        """Called by the reader; raises DeviceGoneError while the plug is out."""
        self.moved_at = time.monotonic()
        if not self.plugged:
            raise DeviceGoneError("the device was unplugged")


Reader = Callable[[CaptureControl], Generator[T, None, None]]
"""Opens a device and yields what it delivers, until the control says stop; raises when it fails."""


class Capture(Generic[T]):
    """Runs a reader in a thread of its own and starts it again whenever it fails."""

    def __init__(
        self, name: str, reader: Reader[T], deliver: Callable[[T], None], *, control: CaptureControl
    ) -> None:
        self.control = control
        self._state = CaptureState.OPENING
        self._problem = ""
        self._reader = reader
        self._deliver = deliver
        # daemon: a driver that hangs in the kernel must not hold up the end of the program
        self._thread = threading.Thread(target=self._run, name=f"capture {name}", daemon=True)

    @property
    def state(self) -> CaptureState:
        """What the device is doing now; absent where its driver holds the reader."""
        return CaptureState.ABSENT if self._hangs else self._state

    @property
    def problem(self) -> str:
        """Why it is absent, in one line; empty when it is not."""
        return "the device's driver does not answer" if self._hangs else self._problem

    def start(self) -> None:
        """Start the reader's thread."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the reader to end, without waiting for it."""
        self.control.stop()

    def join(self, deadline_s: float) -> bool:
        """Wait until the device is closed; False when it hangs (the thread then stays behind)."""
        self.stop()
        self._thread.join(deadline_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self.control.stopped:
            try:
                self.control.check()
                self._read()
                if not self.control.stopped:
                    self._absent("the source ended")
            except (FFmpegError, OSError, SourceError) as error:
                self._absent(describe(error))
            except (
                Exception
            ) as error:  # else the thread would end, and the device look open for good
                log.exception("capture: the device is opened anew")
                self._absent(f"{type(error).__name__}: {error}")
            self.control.wait(RETRY_S)
        self._state = CaptureState.CLOSED

    def _read(self) -> None:
        with contextlib.closing(self._reader(self.control)) as items:
            for item in items:
                self.control.check()
                if self.control.stopped:
                    return
                if self._state is not CaptureState.LIVE:
                    self._state, self._problem = CaptureState.LIVE, ""
                self._deliver(item)

    def _absent(self, problem: str) -> None:
        if not self.control.stopped:
            self._state, self._problem = CaptureState.ABSENT, problem

    @property
    def _hangs(self) -> bool:
        waits_s = time.monotonic() - self.control.moved_at
        return self._thread.is_alive() and not self.control.stopped and waits_s > HANG_TIMEOUT_S


def describe(error: BaseException) -> str:
    """A device error in one line, with the name of the device where the library gives it."""
    filename = getattr(error, "filename", None)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{filename}: {text}" if filename else str(text)


class StallWatch:
    """Notices in the reader's thread that an open device has gone silent."""

    def __init__(self, limit_s: float = STALL_TIMEOUT_S) -> None:
        self._limit = limit_s
        self._last = time.monotonic()

    def fed(self) -> None:
        """Note that data arrived now."""
        self._last = time.monotonic()

    @property
    def stalled(self) -> bool:
        """Whether no data arrived within the limit."""
        return time.monotonic() - self._last > self._limit
