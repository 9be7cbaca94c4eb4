"""Stands between a site and a real Janus, and changes what the server says."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = [Subprotocol("janus-protocol")]

Change = Callable[[dict[str, Any]], dict[str, Any]]


@contextlib.asynccontextmanager
async def janus_proxy(port: int, change: Change) -> AsyncIterator[int]:
    """A server on a port of its own, which it gives; each message of the Janus on `port` goes
    through `change`."""

    async def forward(client: ServerConnection) -> None:
        async with connect(f"ws://127.0.0.1:{port}", subprotocols=PROTOCOL) as server:

            async def back() -> None:
                async for text in server:
                    await client.send(json.dumps(change(json.loads(text))))

            reading = asyncio.create_task(back())
            with contextlib.suppress(ConnectionClosed):
                async for text in client:
                    await server.send(text)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async with serve(forward, "127.0.0.1", 0, subprotocols=PROTOCOL) as proxy:
        yield next(iter(proxy.sockets)).getsockname()[1]
