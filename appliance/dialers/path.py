"""Waits for a connection's media path, ICE and DTLS."""

import asyncio
from contextlib import suppress

from appliance.dialers.api import DialersError
from appliance.media.webrtc.connection import Connection

CONNECT_WAIT_S = 1.0


class NoPathError(DialersError):
    """The far end's media never reach us, or stopped reaching us."""


async def path_stands(pc: Connection, seconds: float) -> None:
    """Wait until ICE and DTLS have come about; raises NoPathError when they do not in time."""
    settled = asyncio.Event()

    def look() -> None:
        if pc.connectionState in ("connected", "failed", "closed"):
            settled.set()

    pc.on("connectionstatechange", look)
    look()
    try:
        async with asyncio.timeout(seconds):
            await settled.wait()
    except TimeoutError:
        raise NoPathError(f"no media path to the server within {seconds:.0f} s") from None
    if pc.connectionState != "connected":
        raise NoPathError("no media path to the server: ICE or DTLS failed")


async def close(pc: Connection) -> None:
    """Close a connection, but not in the middle of connecting.

    aiortc goes on connecting then, starts receivers that have been stopped, and leaves their tasks
    behind; so its attempt is let come to an end first, for a moment.
    """
    if pc.connectionState == "connecting":
        with suppress(NoPathError):
            await path_stands(pc, CONNECT_WAIT_S)
    await pc.close()
