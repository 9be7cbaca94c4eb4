"""A TCP relay in front of a server: its line can be cut, and mended to another server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Relay:
    """Connections to ``port`` go on to ``target``; while ``cut`` none is taken."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._cut = False

    def cut(self) -> None:
        """Drop every connection, as a router that restarts does, and take none."""
        self._cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self, target: int | None = None) -> None:
        """Take connections again."""
        self.target = target or self.target
        self._cut = False

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection until either side closes."""
        if self._cut:
            writer.transport.abort()
            return
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers |= {writer, back}
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        self._writers -= {writer, back}


@contextlib.asynccontextmanager
async def relay(target: int) -> AsyncIterator[Relay]:
    """A relay at a port of its own."""
    one = Relay(target)
    listening = await asyncio.start_server(one.take, "127.0.0.1", 0)
    one.port = listening.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        listening.close()
        one.cut()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
