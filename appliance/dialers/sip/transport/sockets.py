"""The sockets of SIP: one UDP socket, or a TCP or TLS connection, as a flow of messages."""

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from appliance.dialers.sip.signalling.message import Local, MessageError
from appliance.dialers.sip.transport.framing import Framer
from appliance.dialers.sip.transport.resolve import Target

log = logging.getLogger("diemcau.sip")

CONNECT_S = 6.0
"""TCP and TLS to one place: a SYN is repeated after 1 and 3 s; two places fit into one dial."""
KEEP_ALIVE_S = 25.0
"""RFC 5626 section 4.4.1 for TCP; shorter than the 30 s after which routers forget UDP."""
CLOSE_S = 1.0
MOST_UNSENT = 1 << 20
SEGMENT = 65536

Peer = tuple[str, int]
Heard = Callable[["SipSocket", bytes, Peer], None]
Lost = Callable[["SipSocket", str], None]


class SipSocket(Protocol):
    """What one socket carries. ``local`` is ours, ``peer`` its other end."""

    local: Local
    peer: Peer
    place: Target

    def send(self, data: bytes, to: Peer | None = None) -> None:
        """Send a whole message; only a datagram can go to another than the peer."""

    def keep_alive(self) -> None:
        """Say something that means nothing."""

    async def close(self) -> None:
        """Nothing comes or goes any more."""


async def open_socket(
    place: Target, trust: ssl.SSLContext | None, heard: Heard, lost: Lost
) -> SipSocket:
    """Connect to a place; raises OSError (ssl.SSLError among them) and TimeoutError."""
    async with asyncio.timeout(CONNECT_S):
        if place.transport == "UDP":
            return await _datagrams(place, heard, lost)
        return await _connection(place, trust, heard, lost)


class _Datagrams(asyncio.DatagramProtocol):
    """Everything by UDP."""

    def __init__(self, place: Target, peer: Peer, heard: Heard, lost: Lost) -> None:
        self.local = Local("UDP", "", 0)
        self.peer, self.place = peer, place
        self._heard, self._lost = heard, lost
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.local = _local("UDP", transport.get_extra_info("sockname"))

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if data.strip():
            self._heard(self, data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        # ICMP may be forged or pass; the transaction's timers decide.
        log.info("sip ← %s: %s", self.place, exc)

    def send(self, data: bytes, to: Peer | None = None) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, to or self.peer)

    def keep_alive(self) -> None:
        self.send(b"\r\n\r\n")

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            # The transport closes in the next turn of the loop.
            await asyncio.sleep(0)


class _Connection:
    """Everything by one TCP or TLS connection; its reader is a task of ours."""

    def __init__(
        self,
        place: Target,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        heard: Heard,
        lost: Lost,
    ) -> None:
        self._reader, self._writer = streams
        self.local = _local(place.transport, self._writer.get_extra_info("sockname"))
        peer = self._writer.get_extra_info("peername")
        self.peer, self.place = (peer[0], peer[1]), place
        self._heard, self._lost = heard, lost
        self._task = asyncio.create_task(self._read(), name="sip connection")

    def send(self, data: bytes, to: Peer | None = None) -> None:
        del to
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > MOST_UNSENT:
            log.warning("sip → %s takes nothing any more; dropped", self.place)
            self._writer.transport.abort()
            return
        self._writer.write(data)

    def keep_alive(self) -> None:
        self.send(b"\r\n\r\n")

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def _read(self) -> None:
        framer, why = Framer(), "the server closed the connection"
        try:
            while data := await self._reader.read(SEGMENT):
                for message in framer.feed(data):
                    self._heard(self, message, self.peer)
        except MessageError as error:
            why = f"the server sends no SIP: {error}"
            self._writer.transport.abort()
        except OSError as error:
            why = f"the connection broke: {error}"
        self._lost(self, why)


async def _datagrams(place: Target, heard: Heard, lost: Lost) -> SipSocket:
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_DGRAM)
    if not infos:
        raise OSError(f"no address is known for {place.host}")
    family, _, _, _, peer = infos[0]
    near = _near_address(family, peer)
    _, protocol = await loop.create_datagram_endpoint(
        lambda: _Datagrams(place, (str(peer[0]), int(peer[1])), heard, lost),
        local_addr=(near, 0),
        family=family,
    )
    return protocol


def _near_address(family: int, peer: Any) -> str:
    """Our address on the way to the peer: what Contact and the media must say. Sends nothing."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(peer)
        return str(probe.getsockname()[0])


async def _connection(
    place: Target, trust: ssl.SSLContext | None, heard: Heard, lost: Lost
) -> SipSocket:
    tls: dict[str, Any] = {}
    if place.transport == "TLS":
        context = trust or await asyncio.to_thread(ssl.create_default_context)
        tls = {"ssl": context, "server_hostname": place.name}
    streams = await asyncio.open_connection(place.host, place.port, **tls)
    connected = streams[1].get_extra_info("socket")
    with suppress(OSError, AttributeError):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(place, streams, heard, lost)


def _local(transport: str, name: Any) -> Local:
    host = str(name[0])
    with suppress(ValueError):
        if ipaddress.ip_address(host).version == 6:
            host = f"[{host}]"
    return Local(transport, host, int(name[1]))
