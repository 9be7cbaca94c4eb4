"""A board whose hardware encoder cannot be opened sends pictures all the same."""

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
