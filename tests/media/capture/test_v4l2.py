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


def modes(text: str) -> list[Mode]:
    """Of lines such as ``MJPG 1280x720 30 25``."""
    found = []
    for line in text.strip().splitlines():
        fourcc, size, *rates = line.split()
        width, height = map(int, size.split("x"))
        found += [Mode(fourcc, Size(width, height), float(rate)) for rate in rates]
    return found


C270 = """
YUYV 640x480 30 25 20 15 10 5
YUYV 1280x720 10 5
YUYV 1280x960 7.5 5
MJPG 640x480 30 25 20 15 10 5
MJPG 1280x720 30 25 20 15 10 5
MJPG 1280x960 30 25 20 15 10 5
"""
C920 = """
YUYV 640x480 30 24 20 15 10 7.5 5
YUYV 1280x720 10 7.5 5
YUYV 1920x1080 5
H264 640x480 30 24 20 15 10 7.5 5
H264 1280x720 30 24 20 15 10 7.5 5
H264 1920x1080 30 24 20 15 10 7.5 5
MJPG 640x480 30 24 20 15 10 7.5 5
MJPG 1280x720 30 24 20 15 10 7.5 5
MJPG 1920x1080 30 24 20 15 10 7.5 5
"""
PAL = """
YUYV 640x480 25 20 15 10 5
YUYV 1280x720 5
MJPG 640x480 25 20 15 10 5
MJPG 1280x720 25 20 15 10 5
"""
SLOW = """
YUYV 640x480 15 10 5
YUYV 1280x720 5
MJPG 1280x720 15 10 5
"""
MICROSCOPE = """
YUYV 640x480 30 5
YUYV 320x240 30 5
"""
BROADCAST = """
NV12 1280x720 50 25
NV12 1920x1080 60 59.94 50 30 29.97 25 24
YUYV 1920x1080 60 59.94 50 30 29.97 25 24
"""
QUICK = """
MJPG 1280x720 120 60
MJPG 640x480 120 60 30
"""
OLD = """
YUYV 1280x1024 7.5
YUYV 640x480 15
YUYV 320x240 20
"""


@pytest.mark.case("C17")
@pytest.mark.parametrize(
    ("camera", "size", "fps", "best"),
    [
        (C270, HD, 30, "MJPG 1280x720 30"),
        (C270, VGA, 30, "YUYV 640x480 30"),
        (C270, HD, 15, "MJPG 1280x720 15"),
        (C270, HD, 5, "YUYV 1280x720 5"),
        (C270, FULL, 30, "MJPG 1280x960 30"),
        (C920, HD, 30, "MJPG 1280x720 30"),
        (C920, HD, 25, "MJPG 1280x720 24"),
        (C920, FULL, 30, "MJPG 1920x1080 30"),
        (PAL, HD, 30, "MJPG 1280x720 25"),
        (PAL, VGA, 30, "YUYV 640x480 25"),
        (SLOW, HD, 30, "MJPG 1280x720 15"),
        (SLOW, VGA, 30, "YUYV 640x480 15"),
        (MICROSCOPE, HD, 30, "YUYV 640x480 30"),
        (BROADCAST, HD, 30, "NV12 1280x720 50"),
        (BROADCAST, FULL, 30, "NV12 1920x1080 29.97"),
        (QUICK, HD, 30, "MJPG 1280x720 60"),
        (OLD, HD, 30, "YUYV 320x240 20"),
    ],
)
def test_the_best_mode_of_real_cameras(camera: str, size: Size, fps: float, best: str) -> None:
    found = modes(camera)
    assert choose(found, size, fps, coded=False) == modes(best)[0]
    assert choose(found[::-1], size, fps, coded=False) == modes(best)[0]


@pytest.mark.case("C17")
def test_a_camera_s_own_h264_at_25_is_taken_too() -> None:
    found = modes("H264 1280x720 25 15\nMJPG 1280x720 25")
    assert choose(found, HD, 30, coded=True) == Mode("H264", HD, 25)
    assert choose(modes(C920), HD, 30, coded=True) == Mode("H264", HD, 30)


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
