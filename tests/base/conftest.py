"""What the tests of the foundation share: systemd's notify socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd holds: a datagram socket whose name is in the environment."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)
        os.environ["NOTIFY_SOCKET"] = str(path)
        yield listener
        del os.environ["NOTIFY_SOCKET"]
