"""Many damaged pictures of the camera are C3; it goes on being the camera."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from appliance.base.site_file import parse_site
from appliance.core.problems import ProblemKey
from appliance.media.capture.damage import MIN_BAD
from services.endpoint.devices.devices import Devices
from tests.media.capture.recordings import write_video


@pytest.mark.case("K5")
async def test_many_damaged_pictures_are_a_problem_of_the_site(tmp_path: Path) -> None:
    film = write_video(tmp_path / "bars.mp4", frames=30, fps=10)
    text = f"""[site]\nid = "a"\nname = "A"\n[agenda]\nurl = "/a.ics"
[camera]\nsource = "file:{film}"\nwidth = 320\nheight = 180\n[microphone]\nsource = "none"\n"""
    devices = Devices(parse_site(text.encode()), np.zeros((180, 320, 3), np.uint8), (160, 90))
    assert devices.problems() == []
    devices.want(True, live=False)
    try:
        damage = devices.camera._control.damage
        damage.good(time.monotonic())  # the file is perhaps not open yet
        for _ in range(MIN_BAD):
            damage.bad("junk", time.monotonic())
        found = {problem.key for problem in devices.problems()}
        assert ProblemKey.CAMERA_DAMAGED in found
    finally:
        devices.want(False, live=False)
        await asyncio.sleep(0.1)
    assert ProblemKey.CAMERA_DAMAGED not in {problem.key for problem in devices.problems()}
