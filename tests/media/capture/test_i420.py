"""Pictures of any kind become I420 of one size, and what is so already is not touched."""

from __future__ import annotations

import av
import numpy as np
from PIL import Image

from appliance.media.capture.i420 import Letterbox, card_frame, packed, plane
from appliance.media.formats import Size
from tests.media.capture.recordings import coded_frame, read_number

SIZE = Size(640, 360)


def test_the_right_picture_is_handed_through() -> None:
    frame = coded_frame(5, *SIZE)
    assert Letterbox(SIZE).convert(frame) is frame


def test_scaling_keeps_the_picture_and_four_by_three_gets_bars() -> None:
    assert read_number(plane(Letterbox(SIZE).convert(coded_frame(0xA5, 1280, 720)), 0)) == 0xA5
    boxed = plane(Letterbox(SIZE).convert(coded_frame(0xFF, 640, 480)), 0)
    assert boxed[:, :70].max() <= 17
    assert boxed[:, -70:].max() <= 17
    assert read_number(boxed[:, 80:560]) == 0xFF


def test_full_range_of_mjpeg_becomes_limited_range() -> None:
    white = av.VideoFrame.from_ndarray(np.full((360, 640, 3), 255, np.uint8), "rgb24")
    full = white.reformat(format="yuvj420p", dst_color_range="JPEG")
    assert plane(full, 0).max() == 255
    assert 230 <= plane(Letterbox(SIZE).convert(full), 0).max() <= 236


def test_a_card_may_be_an_array_a_picture_or_missing() -> None:
    array = np.full((100, 100, 3), 255, np.uint8)
    for card in (array, Image.fromarray(array)):
        frame = card_frame(card, SIZE)
        assert (frame.width, frame.height) == SIZE
        assert plane(frame, 0)[180, 320] > 230
    assert packed(card_frame(None, SIZE)).shape == (540, 640)
