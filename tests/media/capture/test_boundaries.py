"""An error that nobody expected costs a device or an encoder a second, and never its thread."""

import threading
import time
from collections.abc import Callable, Generator

import av
import numpy as np
import pytest

from appliance.media.capture.device import (
    HANG_TIMEOUT_S,
    Capture,
    CaptureControl,
    CaptureState,
)
from appliance.media.capture.encoder_thread import H264, EncoderThread
from appliance.media.capture.read_video import TimedFrame
from appliance.media.formats import Size

DEADLINE_S = 20.0


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.case("K5")
@pytest.mark.parametrize("where", ["reading", "delivering"])
def test_a_device_s_thread_outlives_what_it_raises(where: str) -> None:
    """It ended with the first such error: the camera was open for all that anybody could see."""
    failures, delivered = iter((True, True)), []

    def fail(place: str) -> None:
        if place == where and next(failures, False):
            raise ValueError("cannot reshape array of size 7")

    def reader(control: CaptureControl) -> Generator[int, None, None]:
        while not control.wait(0.02):
            fail("reading")
            yield 1

    def deliver(item: int) -> None:
        fail("delivering")
        delivered.append(item)

    capture = Capture("camera", reader, deliver, control=CaptureControl())
    capture.start()
    try:
        until(lambda: capture.state is CaptureState.ABSENT)
        assert "reshape" in capture.problem
        until(lambda: len(delivered) > 3)
        assert capture.state is CaptureState.LIVE
    finally:
        assert capture.join(5.0)


@pytest.mark.case("K5")
def test_a_driver_that_does_not_come_back_is_an_absent_device() -> None:
    """The name card was sent, the device was open, and nobody was told."""
    held = threading.Event()

    def reader(control: CaptureControl) -> Generator[int, None, None]:
        yield 1
        held.wait(30.0)
        while not control.wait(0.02):
            yield 2

    control = CaptureControl()
    capture = Capture("camera", reader, lambda item: None, control=control)
    capture.start()
    try:
        until(lambda: capture.state is CaptureState.LIVE)
        control.moved_at -= HANG_TIMEOUT_S - 0.5
        until(lambda: capture.state is CaptureState.ABSENT)
        assert "driver" in capture.problem
        held.set()
        until(lambda: capture.state is CaptureState.LIVE)
        assert capture.problem == ""
    finally:
        held.set()
        assert capture.join(5.0)


class OddPictures:
    """Gives nothing that is a picture, twice; then pictures."""

    def __init__(self) -> None:
        self._odd = 2

    def take(self, timeout: float) -> TimedFrame | None:
        time.sleep(0.02)
        if self._odd:
            self._odd -= 1
            raise TypeError("no picture at all")
        grey = np.full((72, 64), 128, np.uint8)
        return TimedFrame(time.monotonic(), av.VideoFrame.from_ndarray(grey, format="yuv420p"))

    def ask_keyframe(self) -> None:
        """It encodes nothing."""

    def ask_bitrate(self, bps: int) -> None:
        """It encodes nothing."""


class Packets:
    """A near track that wants packets."""

    bitrate, sliced, codec, wanting = 500_000, False, H264, True

    def __init__(self) -> None:
        self.count = 0

    def deliver(self, packet: object) -> None:
        self.count += 1


def test_an_encoder_s_thread_outlives_what_it_raises() -> None:
    packets = Packets()
    encoder = EncoderThread(OddPictures(), Size(64, 48), 30.0, ("libx264",))
    encoder.attach(packets)
    encoder.start()
    try:
        until(lambda: "TypeError" in encoder.problem)
        until(lambda: packets.count > 3)
        until(lambda: not encoder.problem)
    finally:
        assert encoder.join(5.0)
