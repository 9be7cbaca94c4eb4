"""The scripted MCU as a process: ``python -m tests.peers.sip.mcu_process PORT``."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

from tests.peers.janus import server
from tests.peers.sip.mcu import Mcu, rooms


@contextlib.contextmanager
def mcu_process(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start one; kill it, and it is a power cut."""
    command = (sys.executable, "-m", "tests.peers.sip.mcu_process", str(port))
    with server(command, port) as process:
        yield process


async def _run(port: int) -> None:
    await Mcu(rooms(), port=port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1])))
