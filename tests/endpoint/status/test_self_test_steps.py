"""The self-test's steps on real devices, which are opened only once the test has begun."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from appliance.base.clock import SystemClock
from appliance.base.site_file import parse_site
from appliance.core.problems import Area, Problem, ProblemKey
from appliance.media.tv.television import Television, TvProblem
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.agenda.feed import Feed
from services.endpoint.devices.devices import Devices
from services.endpoint.status.self_test import STEP_DEADLINE_S, Step
from services.endpoint.status.self_test_steps import SelfTestSteps
from tests.media.capture.recordings import write_tone, write_video

OPENED_AFTER_S = 0.4
"""A turn of the conductor is sooner."""


def steps_of(
    devices: Devices,
    folder: Path,
    television: Television | None = None,
    board: Callable[[], Sequence[Problem]] = tuple,
) -> dict[Area, Step]:
    """All steps of a site with these devices."""
    clock = SystemClock(trust="always")
    feed = Feed(f"file:{folder}/none.ics", folder / "agenda", zone=ZoneInfo("Asia/Ho_Chi_Minh"))
    poller = AgendaPoller(feed, clock.now, asyncio.Event())
    tv = television or Television()
    return SelfTestSteps(devices, poller, clock, tv, lambda: True, board).by_area()


@pytest.fixture
async def devices(tmp_path: Path) -> AsyncIterator[Devices]:
    """A camera and a microphone that play recordings."""
    camera = write_video(tmp_path / "camera.mp4", frames=120)
    microphone = write_tone(tmp_path / "voice.wav", seconds=4.0)
    text = f"""[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"
[camera]\nsource = "file:{camera}"\nwidth = 320\nheight = 180
[microphone]\nsource = "file:{microphone}"\n"""
    found = Devices(parse_site(text.encode()), np.zeros((180, 320, 3), np.uint8), (160, 90))
    yield found
    found.want(False, live=False)


@pytest.mark.parametrize("area", [Area.CAMERA, Area.SOUND])
async def test_u1_a_device_that_is_opened_in_a_moment_is_not_missing(
    devices: Devices, tmp_path: Path, area: Area
) -> None:
    step = steps_of(devices, tmp_path)[area]
    asyncio.get_running_loop().call_later(OPENED_AFTER_S, lambda: devices.want(True, live=False))
    async with asyncio.timeout(STEP_DEADLINE_S):
        assert await step() is None


@pytest.mark.parametrize(
    ("board", "key"),
    [((), ProblemKey.SPEAKER_MISSING), ((ProblemKey.BOARD_SOUND,), ProblemKey.BOARD_SOUND)],
)
async def test_a_tv_without_sound_is_told_by_its_reason(
    devices: Devices, tmp_path: Path, board: tuple[ProblemKey, ...], key: ProblemKey
) -> None:
    """On a board that has no sound by HDMI no cable and no volume is to be looked for."""
    television = Television()
    television.problem = TvProblem.NO_SOUND
    unable = tuple(Problem(one) for one in board)
    steps = steps_of(devices, tmp_path, television, lambda: unable)
    assert await steps[Area.TV]() is key


async def test_a_device_that_is_away_is_missing(tmp_path: Path) -> None:
    text = """[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"
[camera]\nsource = "file:/none.mp4"\n[microphone]\nsource = "file:/none.wav"\n"""
    devices = Devices(parse_site(text.encode()), np.zeros((180, 320, 3), np.uint8), (160, 90))
    steps = steps_of(devices, tmp_path)
    devices.want(True, live=False)
    try:
        async with asyncio.timeout(STEP_DEADLINE_S):
            assert await steps[Area.CAMERA]() is ProblemKey.CAMERA_MISSING
            assert await steps[Area.SOUND]() is ProblemKey.MICROPHONE_MISSING
    finally:
        devices.want(False, live=False)


async def test_a_device_that_the_site_has_not_is_no_fault(tmp_path: Path) -> None:
    """A site whose settings name no camera could never be ready."""
    text = """[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"
[camera]\nsource = "none"\n[microphone]\nsource = "none"\n"""
    devices = Devices(parse_site(text.encode()), np.zeros((180, 320, 3), np.uint8), (160, 90))
    steps = steps_of(devices, tmp_path)
    devices.want(True, live=False)
    try:
        async with asyncio.timeout(STEP_DEADLINE_S):
            assert await steps[Area.CAMERA]() is None
            assert await steps[Area.SOUND]() is None
    finally:
        devices.want(False, live=False)
