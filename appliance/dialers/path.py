"""Waits for a connection's media path, ICE and DTLS."""

import asyncio

from appliance.dialers.dialer import DialersError
from appliance.media.webrtc import Connection


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
