"""The embedded room in a process of its own, with the rooms that the real Janus has in the tests.

Run as ``python -m tests.peers.room PORT [CERT KEY]``.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from services.room.app import Room
from services.room.settings import RoomSettings
from tests.peers.janus import FULL_ROOM, PIN, PIN_ROOM, ROOM, SECRET, SHORT_ROOM, server

ROOMS = [
    RoomSettings(ROOM, "test", "", SECRET, 20),
    RoomSettings(PIN_ROOM, "test", PIN, SECRET, 20),
    RoomSettings(FULL_ROOM, "test", "", SECRET, 1),
    RoomSettings(SHORT_ROOM, "test", "", SECRET, 20),
]


@contextlib.contextmanager
def room(port: int, *files: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start one; ``files`` are certificate and key for HTTPS."""
    command = (sys.executable, "-m", "tests.peers.room", str(port), *map(str, files))
    with server(command, port) as process:
        yield process


if __name__ == "__main__":
    port, cert, key = [*sys.argv[1:], None, None][:3]
    uvicorn.run(
        Room(ROOMS).app,
        port=int(str(port)),
        ssl_certfile=cert,
        ssl_keyfile=key,
        log_level="warning",
    )
