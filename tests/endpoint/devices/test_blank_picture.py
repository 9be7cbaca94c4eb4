"""A camera behind its cover is told from a dark room with people in it."""

import asyncio
from pathlib import Path

import av
import numpy as np
import pytest

from appliance.base.site_file import parse_site
from appliance.core.problems import ProblemKey
from appliance.media.capture.device import CaptureState
from services.endpoint.devices.blank_picture import BLANK_S, BlankPicture, is_blank
from services.endpoint.devices.devices import Devices
from tests.media.capture.recordings import write_video

ROWS, COLUMNS = 90, 160
random = np.random.default_rng(1)


def i420(luma: np.ndarray) -> np.ndarray:
    """A grey picture of that luma."""
    rows, columns = luma.shape
    picture = np.full((rows * 3 // 2, columns), 128, np.uint8)
    picture[:rows] = np.clip(luma, 0, 255)
    return picture


def noise(level: float, spread: float) -> np.ndarray:
    return random.normal(level, spread, (ROWS, COLUMNS))


def wall() -> np.ndarray:
    """A white wall: brighter in the middle than at the corners, as every lens shows it."""
    y, x = np.mgrid[-1 : 1 : ROWS * 1j, -1 : 1 : COLUMNS * 1j]
    return np.asarray(190 - 25 * (x * x + y * y) + random.normal(0, 2, (ROWS, COLUMNS)))


@pytest.mark.parametrize(
    ("luma", "blank"),
    [
        (noise(17, 1), True),  # a closed cover
        (noise(24, 6), True),  # a closed cover, the gain turned up
        (noise(128, 1), True),  # a sensor that gives one grey
        (wall(), False),
        (noise(60, 12), False),  # a dim room
        (np.where(np.arange(COLUMNS) < 16, 90.0, 20.0) * np.ones((ROWS, 1)), False),  # a lit door
    ],
)
def test_what_shows_nothing(luma: np.ndarray, blank: bool) -> None:
    assert is_blank(i420(luma)) is blank


def test_it_must_last_and_ends_with_the_first_picture() -> None:
    blank, dark, light = BlankPicture(), i420(noise(17, 1)), i420(wall())
    for second in range(int(BLANK_S)):
        blank.see(dark, second)
        assert not blank.lasts
    blank.see(dark, BLANK_S)
    assert blank.lasts
    blank.see(light, BLANK_S + 1)
    assert not blank.lasts
    for second in range(100, 200):
        blank.see(dark, second)
    blank.forget()
    assert not blank.lasts


def black_video(path: Path) -> Path:
    """Twenty seconds of a camera behind its cover."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for _ in range(200):
            frame = av.VideoFrame.from_ndarray(i420(noise(17, 1)), "yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


async def test_n5_the_real_camera_behind_its_cover_is_c2(tmp_path: Path) -> None:
    """And one that shows something is not: C2 could be raised by nobody."""
    found = await asyncio.gather(
        *(
            problems_after(source, BLANK_S + 3.0)
            for source in (
                black_video(tmp_path / "black.mp4"),
                write_video(tmp_path / "bars.mp4", frames=300, fps=10),
            )
        )
    )
    assert found == [{ProblemKey.CAMERA_BLANK}, set()]


async def problems_after(source: Path, seconds: float) -> set[ProblemKey]:
    """What the devices say of a camera that has been open for so long."""
    text = f"""[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"
[camera]\nsource = "file:{source}"\nwidth = 320\nheight = 180\n[microphone]\nsource = "none"\n"""
    devices = Devices(parse_site(text.encode()), np.zeros((180, 320, 3), np.uint8), (160, 90))
    devices.want(True, live=False)
    try:
        found: set[ProblemKey] = set()
        for _ in range(round(seconds / 0.5)):
            await asyncio.sleep(0.5)
            found = {problem.key for problem in devices.problems()}
        assert devices.camera.state is CaptureState.LIVE
        return found
    finally:
        devices.want(False, live=False)
