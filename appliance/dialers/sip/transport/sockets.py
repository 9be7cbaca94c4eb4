"""The sockets of SIP: one UDP socket, or one TCP or TLS connection, as whole messages."""

import asyncio
import ipaddress
import logging
import socket
import ssl
from asyncio.staggered import staggered_race
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from appliance.dialers.connect_errors import TlsRefusedError
from appliance.dialers.sip.signalling.message import Local, MessageError
from appliance.dialers.sip.transport.framing import Framer
from appliance.dialers.sip.transport.resolve import Target

log = logging.getLogger("diemcau.sip")

CONNECT_TIMEOUT_S = 6.0
"""TCP and TLS to one target: a SYN is repeated after 1 and 3 s; two targets fit into one dial."""
NEXT_ADDRESS_S = 1.5
"""After so long the next address of one name is tried beside the first (RFC 8305 section 5)."""
KEEP_ALIVE_INTERVAL_S = 25.0
"""RFC 5626 section 4.4.1 for TCP; shorter than the 30 s after which routers forget UDP."""
CLOSE_TIMEOUT_S = 1.0
MAX_UNSENT = 1 << 20
"""Bytes that a peer has not taken; a connection with more is dropped."""
READ_SIZE = 65536

Peer = tuple[str, int]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
OnMessage = Callable[["SipSocket", bytes, Peer], None]
OnLost = Callable[["SipSocket", str], None]


class SipSocket(Protocol):
    """One socket to one target. ``local`` is our end, ``peer`` the address of the other."""

    local: Local
    peer: Peer
    target: Target

    @property
    def open(self) -> bool:
        """Whether anything can still be sent by it."""

    def send(self, data: bytes, to: Peer | None = None) -> None:
        """Send a whole message; to another address than the peer's by UDP only."""

    def keep_alive(self) -> None:
        """Send what means nothing, so that the network keeps the path open (RFC 5626)."""

    async def close(self) -> None:
        """Close the socket."""


async def open_socket(
    target: Target, trust: ssl.SSLContext | None, on_message: OnMessage, on_lost: OnLost
) -> SipSocket:
    """Connect to a target; raises OSError (ssl.SSLError among them) and TimeoutError."""
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        if target.transport == "UDP":
            return await _datagrams(target, on_message, on_lost)
        return await _connection(target, trust, on_message, on_lost)


class _Datagrams(asyncio.DatagramProtocol):
    """Messages by UDP."""

    def __init__(self, target: Target, peer: Peer, on_message: OnMessage, on_lost: OnLost) -> None:
        self.local = Local("UDP", "", 0)
        self.peer, self.target = peer, target
        self._on_message, self._on_lost = on_message, on_lost
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.local = _local("UDP", transport.get_extra_info("sockname"))

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if data.strip():
            self._on_message(self, data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        # ICMP may be forged or pass; the transaction's timers decide.
        log.info("sip ← %s: %s", self.target, exc)

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

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
    """Messages by one TCP or TLS connection, which a task reads."""

    def __init__(
        self,
        target: Target,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        on_message: OnMessage,
        on_lost: OnLost,
    ) -> None:
        self._reader, self._writer = streams
        self.local = _local(target.transport, self._writer.get_extra_info("sockname"))
        peer = self._writer.get_extra_info("peername")
        self.peer, self.target = (peer[0], peer[1]), target
        self._on_message, self._on_lost = on_message, on_lost
        self._task = asyncio.create_task(self._read(), name="sip connection")

    @property
    def open(self) -> bool:
        return not self._task.done() and not self._writer.is_closing()

    def send(self, data: bytes, to: Peer | None = None) -> None:
        del to
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT:
            log.warning("sip → %s takes nothing any more; connection dropped", self.target)
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
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def _read(self) -> None:
        framer, why = Framer(), "the server closed the connection"
        try:
            while data := await self._reader.read(READ_SIZE):
                for message in framer.feed(data):
                    self._on_message(self, message, self.peer)
        except MessageError as error:
            why = f"the server sends no SIP: {error}"
            self._writer.transport.abort()
        except OSError as error:
            why = f"the connection broke: {error}"
        self._on_lost(self, why)


async def _datagrams(target: Target, on_message: OnMessage, on_lost: OnLost) -> SipSocket:
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
    if not infos:
        raise OSError(f"no address is known for {target.host}")
    family, _, _, _, peer = infos[0]
    near = _near_address(family, peer)
    _, protocol = await loop.create_datagram_endpoint(
        lambda: _Datagrams(target, (str(peer[0]), int(peer[1])), on_message, on_lost),
        local_addr=(near, 0),
        family=family,
    )
    return protocol


def _near_address(family: int, peer: Any) -> str:
    """Our address on the route to the peer, for Contact and the media. Sends nothing."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(peer)
        return str(probe.getsockname()[0])


async def _connection(
    target: Target, trust: ssl.SSLContext | None, on_message: OnMessage, on_lost: OnLost
) -> SipSocket:
    tls: dict[str, Any] = {}
    if target.transport == "TLS":
        context = trust or await asyncio.to_thread(ssl.create_default_context)
        tls = {"ssl": context, "server_hostname": target.name}
    try:
        streams = await _first_streams(target, tls)
    except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError) as error:
        # A server that takes the connection and then ends it speaks only an older TLS, or none.
        if tls:
            why = "the server ended the connection while TLS was being agreed on"
            raise TlsRefusedError(why) from error
        raise
    connected = streams[1].get_extra_info("socket")
    with suppress(OSError, AttributeError):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(target, streams, on_message, on_lost)


async def _first_streams(target: Target, tls: dict[str, Any]) -> Streams:
    """Of the address that answers first. Not by asyncio's ``happy_eyeballs_delay``: uvloop, in
    which the endpoint runs, has no such word, and no call by TCP or TLS came about."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    hosts = dict.fromkeys(str(info[4][0]) for info in found)
    streams: Streams | None
    streams, _, errors = await staggered_race(
        [partial(asyncio.open_connection, host, target.port, **tls) for host in hosts],
        NEXT_ADDRESS_S,
    )
    if streams is None:
        raise next(error for error in errors if error is not None)
    return streams


def _local(transport: str, name: Any) -> Local:
    host = str(name[0])
    with suppress(ValueError):
        if ipaddress.ip_address(host).version == 6:
            host = f"[{host}]"
    return Local(transport, host, int(name[1]))
