"""Which mode of a camera is taken."""

from __future__ import annotations

import pytest

from appliance.media.capture.v4l2 import Mode, best_mode, choose
from appliance.media.formats import Size, fit

HD, VGA, FULL = Size(1280, 720), Size(640, 480), Size(1920, 1080)
USB_CAMERA = [
    Mode("YUYV", VGA, 30),
    Mode("YUYV", HD, 10),
    Mode("MJPG", VGA, 30),
    Mode("MJPG", HD, 30),
    Mode("MJPG", FULL, 30),
]


def test_usb_2_has_720p30_as_mjpeg_only() -> None:
    assert choose(USB_CAMERA, HD, 30, coded=True) == Mode("MJPG", HD, 30)


def test_uncompressed_is_cheaper_where_it_is_quick_enough() -> None:
    assert choose(USB_CAMERA, VGA, 30, coded=False) == Mode("YUYV", VGA, 30)


def test_a_camera_s_own_h264_is_taken_when_it_may_pass() -> None:
    modes = [*USB_CAMERA, Mode("H264", HD, 30), Mode("H264", FULL, 30)]
    assert choose(modes, HD, 30, coded=True) == Mode("H264", HD, 30)
    assert choose(modes, HD, 30, coded=False) == Mode("MJPG", HD, 30)


def test_a_poor_camera_gives_its_best() -> None:
    assert choose([Mode("YUYV", VGA, 15)], HD, 30, coded=True) == Mode("YUYV", VGA, 15)


def test_an_unknown_camera_is_left_to_its_driver() -> None:
    assert choose([Mode("GREY", VGA, 30)], HD, 30, coded=True) is None


def test_options_for_ffmpeg() -> None:
    assert Mode("MJPG", HD, 30).options() == {
        "input_format": "mjpeg",
        "video_size": "1280x720",
        "framerate": "30",
    }


def test_no_camera_is_an_os_error() -> None:
    with pytest.raises(OSError, match="video97"):
        best_mode("/dev/video97", HD, 30, coded=True)


def test_letterbox_areas_are_even_and_centred() -> None:
    assert fit(Size(640, 480), HD) == (160, 0, 960, 720)
    assert fit(Size(1280, 720), HD) == (0, 0, 1280, 720)
    left, top, width, height = fit(Size(176, 144), HD)
    assert (top, height) == (0, 720)
    assert left % 2 == 0
    assert width % 2 == 0
    assert abs(2 * left + width - 1280) <= 2
