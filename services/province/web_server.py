"""Serves the console as one part of a program: ended by a cancellation, as every other part is."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from appliance.base.tasks import raise_if_cancelled


class WebServer(uvicorn.Server):
    """uvicorn without its own signal handlers, which would race `appliance.base.run`'s.

    A cancellation ends `serve` in order: no new connection is taken, those that there are have
    ``timeout_graceful_shutdown`` seconds. uvicorn itself would drop them in the middle of a page.
    """

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until cancelled; exits the program (`SystemExit`) where the port is taken."""
        await super().serve(sockets)
        raise_if_cancelled()

    async def main_loop(self) -> None:
        """Until cancelled; what follows in `serve` is the end in order."""
        with contextlib.suppress(asyncio.CancelledError):
            await super().main_loop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield
