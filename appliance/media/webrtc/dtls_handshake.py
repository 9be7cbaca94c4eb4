"""A DTLS handshake whose flights are said again sooner than OpenSSL says them.

A far end whose ICE comes about a moment after ours drops our first flight, and OpenSSL waits a
second before it says it again: one call in four to a Janus had its first picture a second late.
RFC 6347 section 4.2.4.1 leaves the first wait to the application.
"""

import asyncio
import logging

from aiortc.rtcdtlstransport import RTCDtlsTransport
from OpenSSL import SSL

log = logging.getLogger(__name__)

LONGEST_FLIGHT = 1500
PAUSES_S = (0.05, 0.1, 0.2, 0.4)
"""Then OpenSSL's own second is over. Who has heard a flight knows its records and drops them
(RFC 6347 section 4.1.2.6), so over a slow line this costs four datagrams and nothing else."""


class Handshake:
    """Watches over the handshake of one transport, from before its start."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self._transport = transport
        self._flight = b""
        self._again: asyncio.Task[None] | None = None
        transport._write_ssl = self._write  # type: ignore[method-assign]
        transport.on("statechange", self._look)

    async def _write(self) -> None:
        """Send what OpenSSL has to say, if anything, and keep it."""
        ssl = self._transport._ssl
        if ssl is None:
            return
        try:
            self._flight = ssl.bio_read(LONGEST_FLIGHT)
        except SSL.Error:
            return
        await self._transport.transport._send(self._flight)

    def _look(self) -> None:
        if self._transport.state == "connecting":
            self._again = asyncio.get_running_loop().create_task(self._repeat())
        elif self._again is not None:
            self._again.cancel()
            self._again = None

    async def _repeat(self) -> None:
        for pause in PAUSES_S:
            await asyncio.sleep(pause)
            try:
                await self._transport.transport._send(self._flight)
            except ConnectionError:
                return
            log.debug("near → DTLS flight of %d bytes once more", len(self._flight))
