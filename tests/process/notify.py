"""systemd's end of sd_notify(3): a datagram socket that remembers what a service said."""

import asyncio
import socket
from pathlib import Path

LONGEST = 4096


class NotifySocket:
    """`said` holds every message in its order, newest last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def open(self) -> None:
        """Listen; the path must not be there yet."""
        self._socket.bind(str(self.path))
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def count(self, message: str) -> int:
        """How often exactly this was said."""
        return self.said.count(message)

    def statuses(self) -> list[str]:
        """The STATUS lines."""
        return [said.removeprefix("STATUS=") for said in self.said if said.startswith("STATUS=")]

    def _hear(self) -> None:
        self.said += self._socket.recv(LONGEST).decode().splitlines()
