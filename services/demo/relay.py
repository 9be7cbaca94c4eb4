"""The network cable of a program that has no simulator: a TCP relay that can be pulled out.

Pulled out, nothing passes and no end is notified, as with a real cable.
"""

import asyncio
from contextlib import suppress

CHUNK_BYTES = 65536


class Relay:
    """Leads to one host and port, for any number of connections."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self._plugged = asyncio.Event()
        self._plugged.set()

    async def open(self) -> int:
        """Listen on a free port; returns it."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def plug(self, plugged: bool) -> None:
        """Plug it in or pull it out. What was under way is lost: both ends connect again."""
        if plugged == self._plugged.is_set():
            return
        if plugged:
            for line in self._lines:
                line.cancel()
            self._plugged.set()
        else:
            self._plugged.clear()

    async def close(self) -> None:
        """Close all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(self._lead(reader, writer), name="relay")
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        try:
            await self._plugged.wait()
            far, there = await asyncio.open_connection(self._host, self._port)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, there))
                group.create_task(self._pump(far, writer))
        except* (OSError, EOFError):
            pass
        finally:
            for one in (writer, there):
                if one is not None:
                    one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._plugged.wait()
            with suppress(ConnectionError):
                writer.write(data)
                await writer.drain()
        raise EOFError
