"""Looks up the names that stand where a far end's c= line usually has an address (RFC 8866 5.7)."""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable

from appliance.media.rtp.udp_ports import Address

log = logging.getLogger(__name__)

LOOKUP_TIMEOUT_S = 5.0  # the system's resolver asks a second server after as long
RETRY_S = 5.0
MAX_HOSTS = 8  # names in one call: an MCU has one

Lookup = Callable[[str], Awaitable[str | None]]


class MediaHosts:
    """The addresses of one call's far ends by name; `changed` is called when one is found.

    A lookup blocks nothing: as long as it lasts the name has no address, and nothing is sent there.
    """

    def __init__(
        self, changed: Callable[[], None], lookup: Lookup, retry_s: float = RETRY_S
    ) -> None:
        self._changed = changed
        self._retry_s = retry_s
        self._lookup = lookup
        self._known: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def address(self, named: Address | None) -> Address | None:
        """The same with an IP address for its host; None while that is not known."""
        if named is None:
            return None
        host, port = named
        try:
            return str(ipaddress.ip_address(host)), port
        except ValueError:
            if host not in self._known and host not in self._tasks and len(self._tasks) < MAX_HOSTS:
                self._tasks[host] = asyncio.create_task(self._find(host), name=f"media host {host}")
            return (self._known[host], port) if host in self._known else None

    async def close(self) -> None:
        """Stop looking. Idempotent."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _find(self, host: str) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                    found = await self._lookup(host)
            except (OSError, ValueError) as error:  # UnicodeError is a ValueError
                log.info("far ← its media host %r: %s", host[:60], error or type(error).__name__)
                found = None
            if found is not None:
                log.info("far ← its media host %r is %s", host[:60], found)
                self._known[host] = found
                self._changed()
                return
            log.warning("far ← its media host %r has no address: nothing is sent yet", host[:60])
            await asyncio.sleep(self._retry_s)


def system_lookup(ours: str) -> Lookup:
    """Asks the system's resolver, for addresses of the family of our own."""
    family = socket.AF_INET6 if ":" in ours else socket.AF_INET

    async def lookup(host: str) -> str | None:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, None, family=family, type=socket.SOCK_DGRAM)
        return str(found[0][4][0]) if found else None

    return lookup
