"""A board whose hardware encoder cannot be opened sends pictures all the same."""

import asyncio
from pathlib import Path

import pytest

from services.demo.virtual import VirtualTv
from tests.process.far_end import a_far_end
from tests.process.room import a_room
from tests.process.site import a_site
from tests.process.waiting import until

pytestmark = pytest.mark.timeout(240)


async def test_a_pi_4_without_the_driver_of_its_encoder_sends_by_software(
    tmp_path: Path, tv: VirtualTv
) -> None:
    model = tmp_path / "board/proc/device-tree/model"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    async with (
        a_room(tmp_path) as room,
        a_far_end(tmp_path, room.address) as far,
        a_site(tmp_path, tv, room.address) as site,
    ):
        await far.moving()
        await until("the journal names the encoder", lambda: "encoder libx264 runs" in site.log())
        assert "encoder h264_v4l2m2m: " in site.log(), "it was tried first"


async def test_a_hot_box_stops_its_picture_says_so_and_stays_in_the_meeting(
    tmp_path: Path, tv: VirtualTv
) -> None:
    """At 90 °C the kernel switches a Pi off, and somebody has to pull its plug."""
    zone = tmp_path / "board/sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("61000\n")
    async with (
        a_room(tmp_path) as room,
        a_far_end(tmp_path, room.address) as far,
        a_site(tmp_path, tv, room.address) as site,
    ):
        await far.moving()
        assert "B9" not in site.facts()["problems"]
        (zone / "temp").write_text("86500\n")
        await until("the problem is told", lambda: "B9" in site.facts()["problems"])
        assert site.facts()["problem_details"]["B9"] == "86 °C"
        await until("the picture stops", lambda: "near → sound only" in site.log())
        seen = len(far.codes)
        await asyncio.sleep(3.0)
        assert len(far.codes) - seen < 5, "pictures are still sent"
        assert site.facts()["phase"] == "in meeting"
        (zone / "temp").write_text("rubbish\n")
        await asyncio.sleep(3.0)
        assert site.facts()["phase"] == "in meeting"
