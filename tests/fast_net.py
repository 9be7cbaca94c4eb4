"""A fast loop with a network of its own: TCP, TLS and UDP without a kernel that might be late.

Idle, a fast loop jumps to the next timer; a packet that a loaded kernel has not delivered yet would
be missed by minutes. Here every byte comes a fixed moment after it was sent, and in its order. The
media engine's clock, ``time.monotonic``, is the story's too, and so is the one by which aiortc
dates its reports: sound and picture of two clocks would never come together.
"""

import asyncio
import contextlib
import itertools
import socket
import ssl as tls
import time
from asyncio import sslproto
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from aiortc import clock

from tests.fast_loop import FastLoop, Result

LATENCY_S = 0.01
HOST = "127.0.0.1"
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
Address = tuple[str, int]


class _Wire:
    """Carries pieces one way, in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[..., None]) -> None:
        self._loop, self._deliver = loop, deliver
        self._pieces: deque[tuple[Any, ...]] = deque()

    def put(self, *piece: Any) -> None:
        self._pieces.append(piece)
        self._loop.call_later(LATENCY_S, self._next)

    def _next(self) -> None:
        # Whichever timer it was: timers of one moment come in any order, pieces must not.
        self._deliver(*self._pieces.popleft())


class _Stream(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, near: Address, far: Address) -> None:
        super().__init__({"sockname": near, "peername": far})
        self._loop = loop
        self._protocol: Any = None
        self._closing = False
        self.peer: _Stream | None = None
        self._wire = _Wire(loop, self._came)

    def begin(self, protocol: Any) -> None:
        self._protocol = protocol
        protocol.connection_made(self)

    def write(self, data: Any) -> None:
        if not self._closing and self.peer is not None:
            self.peer._wire.put(bytes(data))

    def close(self) -> None:
        self._end(None)

    def abort(self) -> None:
        self._end(None)

    def _force_close(self, error: Exception | None) -> None:
        """What sslproto calls."""
        self._end(error)

    def is_closing(self) -> bool:
        return self._closing

    def can_write_eof(self) -> bool:
        """A connection ends both ways at once."""
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is buffered."""

    def get_protocol(self) -> Any:
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def pause_reading(self) -> None:
        """Nobody in a story reads so slowly."""

    def resume_reading(self) -> None:
        """See above."""

    def is_reading(self) -> bool:
        return True

    def _came(self, data: bytes | None) -> None:
        if self._closing:
            return
        if data is None:
            self._protocol.eof_received()
            self._end(None)
        elif isinstance(self._protocol, asyncio.BufferedProtocol):
            while data:
                room: Any = self._protocol.get_buffer(len(data))
                size = min(len(room), len(data))
                room[:size] = data[:size]
                self._protocol.buffer_updated(size)
                data = data[size:]
        else:
            self._protocol.data_received(data)

    def _end(self, error: Exception | None) -> None:
        if not self._closing:
            self._closing = True
            if self.peer is not None:
                self.peer._wire.put(None)
            self._loop.call_soon(self._protocol.connection_lost, error)


class _Datagrams(asyncio.DatagramTransport):
    """One UDP port; ``held`` keeps the kernel from giving it to somebody else."""

    def __init__(self, net: "NetLoop", near: Address, protocol: Any, held: Any) -> None:
        super().__init__({"sockname": near})
        self._net, self._near, self._protocol, self._held = net, near, protocol, held
        self._closing = False
        self.wire = _Wire(net, self._came)

    def sendto(self, data: Any, addr: Any = None) -> None:
        there = self._net.ports.get((str(addr[0]), int(addr[1])))
        if there is not None and not self._closing:
            there.wire.put(bytes(data), self._near)

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            del self._net.ports[self._near]
            if self._held is not None:
                self._held.close()
            self._net.call_soon(self._protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self._closing

    def _came(self, data: bytes, source: Address) -> None:
        if not self._closing:
            self._protocol.datagram_received(data, source)


class _Server:
    """What listens; it is its own socket."""

    family = socket.AF_INET

    def __init__(self, net: "NetLoop", port: int, factory: Callable[[], Any], context: Any) -> None:
        self._net, self._port = net, port
        self.factory, self.context = factory, context
        self.sockets = (self,)

    def getsockname(self) -> Address:
        return HOST, self._port

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._net

    def is_serving(self) -> bool:
        return self._port in self._net.servers

    def close(self) -> None:
        self._net.servers.pop(self._port, None)

    async def wait_closed(self) -> None:
        """Nobody waits for a story's connections."""


class NetLoop(FastLoop):
    """``ports`` and ``servers`` are all that is open in this world."""

    def __init__(self) -> None:
        super().__init__()
        self.ports: dict[Address, _Datagrams] = {}
        self.servers: dict[int, _Server] = {}
        self._numbers = itertools.count(40_000)

    async def create_datagram_endpoint(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], local_addr: Any = None, **options: Any
    ) -> Any:
        held = options.get("sock")
        name = held.getsockname() if held else (local_addr[0], next(self._numbers))
        protocol = protocol_factory()
        port = _Datagrams(self, (name[0], name[1]), protocol, held)
        self.ports[name[0], name[1]] = port
        protocol.connection_made(port)
        return port, protocol

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], Any],
        host: Any = None,
        port: int = 0,
        *,
        ssl: tls.SSLContext | None = None,
        **options: Any,
    ) -> Any:
        one = _Server(self, port or next(self._numbers), protocol_factory, ssl)
        self.servers[one.getsockname()[1]] = one
        return one

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], Any],
        host: Any = None,
        port: int = 0,
        *,
        ssl: tls.SSLContext | None = None,
        server_hostname: str | None = None,
        **options: Any,
    ) -> Any:
        await asyncio.sleep(LATENCY_S)
        server = self.servers.get(port)
        if server is None:
            raise ConnectionRefusedError(f"nothing listens at {host}:{port} in this story")
        near = (HOST, next(self._numbers))
        here, there = _Stream(self, near, (HOST, port)), _Stream(self, (HOST, port), near)
        here.peer, there.peer = there, here
        protocol, other = protocol_factory(), server.factory()
        if ssl is None or server.context is None:
            there.begin(other)
            here.begin(protocol)
            return here, protocol
        waiter, unasked = self.create_future(), self.create_future()
        there.begin(sslproto.SSLProtocol(self, other, server.context, unasked, server_side=True))
        secured: Any = sslproto.SSLProtocol(
            self, protocol, ssl, waiter, server_side=False, server_hostname=server_hostname or host
        )
        here.begin(secured)
        await waiter
        return secured._app_transport, protocol


def play(story: Coroutine[Any, Any, Result]) -> Result:
    """Run the story to its end in a world of its own."""
    with asyncio.Runner(loop_factory=NetLoop) as runner, _clock(runner.get_loop().time):
        return runner.run(story)


@contextlib.contextmanager
def _clock(now: Callable[[], float]) -> Iterator[None]:
    kept = time.monotonic, clock.current_datetime
    vars(time)["monotonic"] = now
    vars(clock)["current_datetime"] = lambda: BEGIN + timedelta(seconds=now())
    try:
        yield
    finally:
        vars(time)["monotonic"], vars(clock)["current_datetime"] = kept
