"""What the endpoint tells its supervisor, how it ends, and what a hand's hang-up survives."""

import signal
from pathlib import Path
from typing import Any

import pytest

from services.demo.virtual import VirtualTv
from tests.code_picture import GUEST
from tests.process.far_end import a_far_end
from tests.process.room import a_room
from tests.process.site import NAME, a_site, alive, kill
from tests.process.waiting import until, until_told
from tests.process.watch import all_the_time, moving_on_tv

pytestmark = pytest.mark.timeout(240)


async def test_notifies_and_leaves_politely(tmp_path: Path, tv: VirtualTv) -> None:
    async with a_room(tmp_path) as room, a_site(tmp_path, tv, room.address) as site:
        told = site.notify
        await until("READY", lambda: told.count("READY=1") == 1)
        await site.fact("phase", "in meeting")
        fed = told.count("WATCHDOG=1")
        await until("the watchdog is fed on and on", lambda: told.count("WATCHDOG=1") >= fed + 2)
        title = "Giao ban trực tuyến"
        await until("a status for clerks", lambda: any(title in s for s in told.statuses()))
        assert told.count("READY=1") == 1
        assert told.said.index("READY=1") < told.said.index("WATCHDOG=1")

        async def in_the_room() -> bool:
            return len(await room.numbers(NAME)) == 1

        async def gone() -> bool:
            return await room.numbers(NAME) == []

        await until_told("the site is in the room", in_the_room)
        player = await until("VLC runs", site.player)
        site.process.send_signal(signal.SIGTERM)
        await until("the program ends", lambda: len(site.codes) == 1, else_say=site.log)
        assert site.codes == [0], site.log()
        assert told.count("STOPPING=1") == 1
        # A polite leave: the room knows at once, not by a time-out.
        await until_told("the room knows", gone, within=3)
        assert "Traceback" not in site.log()
        await until("VLC ended with it", lambda: not alive(player))


async def test_a_hang_up_by_hand_survives_a_fall(tmp_path: Path, tv: VirtualTv) -> None:
    async with (
        a_room(tmp_path) as room,
        a_far_end(tmp_path, room.address) as far,
        a_site(tmp_path, tv, room.address) as site,
    ):
        await moving_on_tv(tv, GUEST)
        await far.moving()
        await until("the figures of line and microphone are told", lambda: _measured(site.facts()))
        assert await site.simulator(do="hang-up") is not None
        await site.fact("phase", "left")
        await site.fact("call", "down")

        async with all_the_time(lambda: site.facts().get("call")) as calls:
            kill(site.process.pid)
            await until("the supervisor started it again", lambda: len(site.starts) == 2)
            told = site.notify
            await until("it is ready again", lambda: told.count("READY=1") == 2)
            fed = told.count("WATCHDOG=1")
            # Whole turns of the conductor with the meeting on: none of them dials.
            await until("turns go by", lambda: told.count("WATCHDOG=1") >= fed + 2)
        assert calls.values == ["down"]
        assert await room.numbers(NAME) == []
        assert not _camera_open(site.process.pid, site.folder / "site.mp4")

        assert await site.simulator(do="join") is not None
        await site.fact("phase", "in meeting")
        await far.moving()
        await moving_on_tv(tv, GUEST)
        assert _camera_open(site.process.pid, site.folder / "site.mp4")


def _measured(facts: dict[str, Any]) -> bool:
    told = {name: facts.get(name) for name in ("loss_percent", "rtt_ms", "microphone_dbfs")}
    if None in told.values():
        return False
    return bool(facts["loss_percent"] <= 100 and -60 < facts["microphone_dbfs"] <= 0)


def _camera_open(pid: int, recording: Path) -> bool:
    """Whether the process holds its camera, a recording here, open."""
    links = Path(f"/proc/{pid}/fd").iterdir()
    return str(recording) in {str(link.readlink()) for link in links if link.is_symlink()}
