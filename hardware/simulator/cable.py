"""The simulator's network cable: an event loop whose sockets can be unplugged.

On a Pi the cable is a cable. On a laptop the same programs, libraries and sockets run, and what
is false is the wire alone: every connection and every datagram of the process passes `CableLoop`,
which carries nothing while the cable is out. As with a real cable, TCP loses no byte by it (what
was written waits, within a bound, and is delivered after the cable is back), datagrams are gone,
and a new connection finds no route.
"""

import asyncio
import errno
from collections.abc import Callable
from typing import Any

import uvloop

MAX_HELD_BYTES = 1 << 20
"""What one TCP connection may hold while the cable is out; past that it is reset."""


class Cable:
    """Whether the line is plugged in; sockets of a `CableLoop` ask it at every packet."""

    def __init__(self) -> None:
        self.plugged = True
        self._streams: set[_Stream] = set()

    def plug(self, plugged: bool) -> None:
        """Push the cable in or pull it out."""
        self.plugged = plugged
        for stream in tuple(self._streams):
            stream.cable_changed()

    def refuse(self) -> None:
        """Raise `OSError` ENETUNREACH, as the kernel does, while the cable is out."""
        if not self.plugged:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")


class CableLoop(uvloop.Loop):
    """uvloop with a cable that can be pulled; local sockets (AF_UNIX) have none."""

    def __init__(self, cable: Cable) -> None:
        super().__init__()
        self._cable = cable

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """Names are asked over the same cable; numbers need none."""
        if not str(host).replace(".", "").replace(":", "").isdigit():
            self._cable.refuse()
        return await super().getaddrinfo(host, port, **options)

    async def create_connection(
        self, protocol_factory: Callable[[], Any], *args: Any, **options: Any
    ) -> Any:
        """TCP and TLS, with the cable between the transport and its protocol."""
        self._cable.refuse()
        streams: list[_Stream] = []

        def make() -> _Stream:
            streams.append(_Stream(protocol_factory(), self._cable))
            return streams[-1]

        transport, _ = await super().create_connection(make, *args, **options)
        return streams[-1].shown_transport or transport, streams[-1].protocol

    async def create_datagram_endpoint(
        self, protocol_factory: Callable[[], Any], *args: Any, **options: Any
    ) -> Any:
        """UDP; both directions fall silent while the cable is out."""
        datagrams: list[_Datagrams] = []

        def make() -> _Datagrams:
            datagrams.append(_Datagrams(protocol_factory(), self._cable))
            return datagrams[-1]

        transport, _ = await super().create_datagram_endpoint(make, *args, **options)
        return datagrams[-1].shown_transport or transport, datagrams[-1].protocol


class _Datagrams(asyncio.DatagramProtocol):
    """Stands between a UDP socket and its protocol."""

    def __init__(self, protocol: asyncio.DatagramProtocol, cable: Cable) -> None:
        self.protocol = protocol
        self.shown_transport: _ShownDatagramTransport | None = None
        self._cable = cable

    def connection_made(self, transport: Any) -> None:
        self.shown_transport = _ShownDatagramTransport(transport, self._cable)
        self.protocol.connection_made(self.shown_transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._cable.plugged:
            self.protocol.datagram_received(data, addr)

    def error_received(self, exc: Exception) -> None:
        self.protocol.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.protocol.connection_lost(exc)


class _ShownTransport:
    """A transport as its protocol sees it; all that is not about the cable is the socket's."""

    def __init__(self, transport: Any, cable: Cable) -> None:
        self._transport = transport
        self._cable = cable

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _ShownDatagramTransport(_ShownTransport, asyncio.DatagramTransport):
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return bool(self._transport.is_closing())

    def sendto(self, data: Any, addr: Any = None) -> None:
        if self._cable.plugged:
            self._transport.sendto(data, addr)


class _Stream(asyncio.Protocol):
    """Stands between a TCP socket and its protocol."""

    def __init__(self, protocol: Any, cable: Cable) -> None:
        self.protocol = protocol
        self.shown_transport: _ShownStreamTransport | None = None
        self._cable = cable

    def connection_made(self, transport: Any) -> None:
        self.shown_transport = _ShownStreamTransport(transport, self._cable)
        self._cable._streams.add(self)
        self.protocol.connection_made(self.shown_transport)

    def cable_changed(self) -> None:
        """The cable was pulled or pushed in."""
        if self.shown_transport is not None:
            self.shown_transport.cable_changed()

    def data_received(self, data: bytes) -> None:
        self.protocol.data_received(data)

    def eof_received(self) -> Any:
        return self.protocol.eof_received()

    def pause_writing(self) -> None:
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        self.protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cable._streams.discard(self)
        self.protocol.connection_lost(exc)


class _ShownStreamTransport(_ShownTransport, asyncio.Transport):
    def __init__(self, transport: Any, cable: Cable) -> None:
        super().__init__(transport, cable)
        self._held = bytearray()

    def cable_changed(self) -> None:
        if self._transport.is_closing():
            return
        if not self._cable.plugged:
            self._transport.pause_reading()
            return
        self._transport.resume_reading()
        held, self._held = bytes(self._held), bytearray()
        if held:
            self._transport.write(held)

    def write(self, data: Any) -> None:
        if self._cable.plugged:
            self._transport.write(data)
        elif len(self._held) + len(data) > MAX_HELD_BYTES:
            self._transport.abort()
        else:
            self._held += data

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def close(self) -> None:
        # A protocol that gives up while the cable is out leaves no half-dead socket behind.
        if self._cable.plugged:
            self._transport.close()
        else:
            self._transport.abort()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return bool(self._transport.is_closing())

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._cable.plugged:
            self._transport.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return int(self._transport.get_write_buffer_size()) + len(self._held)

    def can_write_eof(self) -> bool:
        return bool(self._transport.can_write_eof())

    def write_eof(self) -> None:
        self._transport.write_eof()

    def set_protocol(self, protocol: Any) -> None:
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> Any:
        return self._transport.get_protocol()
