"""The Janus of a machine whose Debian has none: from Debian 12, by its own loader, without root."""

from pathlib import Path

from appliance.dialers.registry import Dialers
from tests.dialers.sites import near
from tests.peers.janus import ROOM, janus
from tests.process.ports import free_port


async def test_it_takes_a_call(tmp_path: Path) -> None:
    port = free_port()
    with janus(tmp_path, port, apart=True):
        address = f"janus+ws://127.0.0.1:{port}?room={ROOM}"
        call = await Dialers().dial(address, near(1), name="site 1")
        await call.hang_up()
