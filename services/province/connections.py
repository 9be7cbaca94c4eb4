"""Bounds the web server's connections: how many, how many of one address, how long without a word.

A connection costs a handle from the moment that it is accepted, long before there is a request to
look at: a thousand that say nothing shut everybody else out. So each is counted there. Who says
nothing, or sends a request a letter at a time, is closed after a while; and where there are too
many, the one that has been silent for longest makes room for the new one.
"""

import asyncio
import contextlib
import ipaddress
import resource
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

MAX_CONNECTIONS = 4000
SHARE_OF_ONE_ADDRESS = 0.5
"""Of one IPv4 address, or of one IPv6 network of 64 bits, which is what one house is given. Behind
one address may be all communes, whose network is translated; and when a meeting is changed, all of
them read their agenda within a second."""
MAX_SILENCE_S = 20.0
"""From the connection, or from an answer's end, until a request's head is whole; TLS within it."""
MAX_BODY_S = 120.0
"""From a request's head until its body is whole: a sheet of a megabyte over a slow line."""
MAX_UNREAD_MS = 60_000
"""For a peer that takes no byte of an answer (tcp(7), TCP_USER_TIMEOUT)."""
SWEEP_INTERVAL_S = 1.0
MAX_ACCEPTS_IN_A_ROW = 8
"""Of one pass of the event loop. asyncio takes as many as wait: a thousand that came together, each
with its TLS handshake, held up everybody's pages for seconds."""
SPARE_HANDLES = 256
"""For the database, files, the broker's client, and outgoing calendars."""
WANTED_HANDLES = 65_536

Peer = tuple[str, int]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _State(Enum):
    SILENT = auto()  # no whole head of a request yet, or none any more
    SENDING = auto()  # its body is on its way
    SERVED = auto()  # the answer is: a stream of events may take an hour


@dataclass(slots=True)
class _Known:
    sock: socket.socket
    origin: str
    since: float
    state: _State = _State.SILENT


def raise_handle_limit() -> None:
    """Take as many handles as this user may (systemd's default is 1,024 of half a million)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_HANDLES if hard == resource.RLIM_INFINITY else min(hard, WANTED_HANDLES)
    if soft >= most:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def connections_allowed() -> int:
    """`MAX_CONNECTIONS`, or fewer where the handles do not suffice."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(16, min(MAX_CONNECTIONS, soft - SPARE_HANDLES))


class Connections:
    """All that are open; of one address `most_of_one`, or its share of `most`.

    `exempt` are addresses of proxies, each of which speaks for many, as uvicorn has them: separated
    by commas, ``*`` for all.
    """

    def __init__(
        self,
        *,
        most: int = MAX_CONNECTIONS,
        most_of_one: int = 0,
        max_silence_s: float = MAX_SILENCE_S,
        max_body_s: float = MAX_BODY_S,
        sweep_interval_s: float = SWEEP_INTERVAL_S,
        exempt: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sweep_interval_s = sweep_interval_s
        self._most = most
        self._most_of_one = most_of_one or int(most * SHARE_OF_ONE_ADDRESS)
        self._bounds = {_State.SILENT: max_silence_s, _State.SENDING: max_body_s}
        self._exempt = frozenset(one.strip() for one in exempt.split(","))
        self._monotonic = monotonic
        self._known: dict[Peer, _Known] = {}
        self._of: Counter[str] = Counter()

    def listen(self, host: str, port: int, backlog: int = 2048) -> list[socket.socket]:
        """Sockets that listen at each address of `host` and count whom they accept.

        Raises `OSError` where the address is not ours or is taken.
        """
        made: list[socket.socket] = []
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                listening = _Listening(family, kind, protocol)
                made.append(listening)
                listening.admit = self._admit
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listening.bind(address)
                listening.listen(backlog)
                listening.setblocking(False)
        except OSError:
            for one in made:
                one.close()
            raise
        return made

    def counted(self, app: App) -> App:
        """`app`, with each request told to these bounds; to be the outermost."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            peer = scope.get("client")
            if scope["type"] != "http" or peer is None:
                await app(scope, receive, send)
                return
            key = (str(peer[0]), int(peer[1]))

            async def received() -> MutableMapping[str, Any]:
                message = await receive()
                if not message.get("more_body", False):
                    self._set(key, _State.SERVED)
                return message

            self._set(key, _State.SENDING if _has_body(scope) else _State.SERVED)
            try:
                await app(scope, received, send)
            finally:
                self._set(key, _State.SILENT)

        return serve

    async def keep(self) -> None:
        """Close those that are silent for too long, until cancelled."""
        while True:
            self.sweep()
            await asyncio.sleep(self._sweep_interval_s)

    def sweep(self) -> None:
        """Once."""
        now = self._monotonic()
        for known in list(self._known.values()):
            bound = self._bounds.get(known.state)
            if bound is not None and now - known.since > bound:
                _shut(known)

    def _admit(self, sock: "_Accepted", peer: Peer) -> bool:
        origin = _origin(peer[0])
        bounded = self._exempt.isdisjoint((origin, "*"))
        if bounded and self._of[origin] >= self._most_of_one:
            room = self._make_room(origin)
        else:
            room = len(self._known) < self._most or self._make_room("")
        if not room:
            return False
        sock.closed = lambda: self._forget(peer)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, MAX_UNREAD_MS)
        self._known[peer] = _Known(sock, origin, self._monotonic())
        self._of[origin] += 1
        return True

    def _make_room(self, origin: str) -> bool:
        """Close the connection that has been silent for longest, of `origin` or ("") of all."""
        # In the order in which they came: a state that changes puts its connection at the end.
        for peer, known in self._known.items():
            if known.state is _State.SILENT and origin in ("", known.origin):
                _shut(known)
                self._forget(peer)
                return True
        return False

    def _set(self, peer: Peer, state: _State) -> None:
        known = self._known.pop(peer, None)
        if known is not None:
            known.state, known.since = state, self._monotonic()
            self._known[peer] = known

    def _forget(self, peer: Peer) -> None:
        known = self._known.pop(peer, None)
        if known is not None:
            self._of[known.origin] -= 1
            if not self._of[known.origin]:
                del self._of[known.origin]


class _Accepted(socket.socket):
    """A connection that says when it is closed."""

    closed: Callable[[], None] | None = None

    def close(self) -> None:
        """As every socket, and once tell of it."""
        told, self.closed = self.closed, None
        if told is not None:
            told()
        super().close()


class _Listening(socket.socket):
    """Accepts those that `admit` takes, a few in a row."""

    admit: Callable[[_Accepted, Peer], bool] | None = None
    in_a_row = 0

    def accept(self) -> tuple[socket.socket, Any]:
        """As every socket; raises `ConnectionAbortedError` for one that is refused, which asyncio
        takes for one that is gone again, and `BlockingIOError` after a few: asyncio comes again
        when everybody else had a turn."""
        if self.in_a_row >= MAX_ACCEPTS_IN_A_ROW:
            self.in_a_row = 0
            raise BlockingIOError("others first")
        try:
            sock, address = super().accept()
        except OSError:
            self.in_a_row = 0
            raise
        self.in_a_row += 1
        accepted = _Accepted(sock.family, sock.type, sock.proto, fileno=sock.detach())
        if self.admit is not None and not self.admit(accepted, (address[0], address[1])):
            accepted.close()
            raise ConnectionAbortedError("too many connections")
        return accepted, address


def _shut(known: _Known) -> None:
    # The transport sees the end, closes its socket, and that is what forgets it.
    with contextlib.suppress(OSError):
        known.sock.shutdown(socket.SHUT_RDWR)


def _origin(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _has_body(scope: Scope) -> bool:
    heads = dict(scope.get("headers", ()))
    return b"transfer-encoding" in heads or heads.get(b"content-length", b"0") != b"0"
