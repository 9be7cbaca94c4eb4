"""A DTLS handshake that retransmits its flights sooner than OpenSSL does.

A far end whose ICE completes a moment after ours drops our first flight, and OpenSSL waits a second
before it sends it again: one call in four to a Janus had its first picture a second late. RFC 6347
section 4.2.4.1 leaves the first timeout to the application.
"""

import asyncio
import logging

from aiortc.rtcdtlstransport import RTCDtlsTransport
from OpenSSL import SSL

log = logging.getLogger(__name__)

MAX_FLIGHT_BYTES = 1500
RETRANSMIT_INTERVALS_S = (0.05, 0.1, 0.2, 0.4)
"""Afterwards OpenSSL's own second is over. Whoever has received a flight drops its records when
they come again (RFC 6347 section 4.1.2.6), so over a slow line this costs four datagrams only."""


class Handshake:
    """Retransmits the flights of one transport's handshake; made before the transport starts."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self._transport = transport
        self._flight = b""
        self._repeater: asyncio.Task[None] | None = None
        transport._write_ssl = self._write  # type: ignore[method-assign]
        transport.on("statechange", self._look)

    async def _write(self) -> None:
        """Send what OpenSSL has ready, if anything, and keep it."""
        ssl = self._transport._ssl
        if ssl is None:
            return
        try:
            self._flight = ssl.bio_read(MAX_FLIGHT_BYTES)
        except SSL.Error:
            return
        await self._transport.transport._send(self._flight)

    def _look(self) -> None:
        if self._transport.state == "connecting":
            self._repeater = asyncio.get_running_loop().create_task(self._repeat())
        elif self._repeater is not None:
            self._repeater.cancel()
            self._repeater = None

    async def _repeat(self) -> None:
        for pause in RETRANSMIT_INTERVALS_S:
            await asyncio.sleep(pause)
            try:
                await self._transport.transport._send(self._flight)
            except ConnectionError:
                return
            log.debug("near → DTLS flight of %d bytes again", len(self._flight))
