"""Sends and receives the messages of one call (the transport layer of RFC 3261 section 18).

One socket leads to where the call went; requests inside the dialog may need others.
"""

import asyncio
import ipaddress
import logging
import re
import ssl
from collections import OrderedDict
from collections.abc import Callable

from sipmessage import URI, Message, Request, Response

from appliance.dialers.sip.signalling.bad_request import answer_to
from appliance.dialers.sip.signalling.message import Local, MessageError, parse, serialise
from appliance.dialers.sip.signalling.received.header_values import (
    branch_of,
    pieces,
    read_address,
    to_tag,
    top_via,
)
from appliance.dialers.sip.transport.reconnection import Reconnection
from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.sockets import (
    KEEP_ALIVE_INTERVAL_S,
    Peer,
    SipSocket,
    open_socket,
)

log = logging.getLogger("diemcau.sip")

MAX_ORIGINS = 512
"""Requests of the far end whose socket is remembered for the answer."""
MAX_WAITING = 16
"""Messages that wait for one socket that is being opened."""
MAX_OTHER_SOCKETS = 4
_RPORT = re.compile(r";\s*rport(?=\s*(?:;|,|$))", re.IGNORECASE)


class TransportLayer:
    """Gives every message to ``on_message``; calls ``on_lost`` when the call's own socket is lost.

    After `keep` a connection that was closed is made again: ``on_moved`` is called with our end of
    the new one, and ``on_lost`` only where that fails. ``on_unreadable`` gets the bytes of an
    answer that could not be read, and why. ``trust`` has the certificate authorities; None takes
    the system's.
    """

    def __init__(
        self,
        trust: ssl.SSLContext | None,
        on_message: Callable[[Request | Response], None],
        on_lost: Callable[[str], None],
        *,
        on_moved: Callable[[Local], None] = lambda local: None,
        on_unreadable: Callable[[bytes, str], None] = lambda data, why: None,
    ) -> None:
        self._trust, self._on_message, self._on_lost = trust, on_message, on_lost
        self._on_moved, self._on_unreadable = on_moved, on_unreadable
        self._socket: SipSocket | None = None
        self._down = False  # its connection is lost
        self._reconnection: Reconnection | None = None
        self._others: dict[Target, asyncio.Task[SipSocket | None]] = {}
        self._waiting: dict[Target, list[bytes]] = {}
        self._unsent: list[bytes] = []  # what no transaction repeats
        self._origins: OrderedDict[str, tuple[SipSocket, Peer]] = OrderedDict()
        self._keep_alive_task: asyncio.Task[None] | None = None

    async def open(self, targets: list[Target]) -> Local:
        """Connect to the first target that answers; gives our end of that socket.

        Raises OSError or TimeoutError of the last target. A certificate that is not trusted ends
        the search: the next target would be no better.
        """
        last_error: Exception = OSError("no target to connect to")
        for target in targets:
            try:
                self._socket = await open_socket(target, self._trust, self._received, self._gone)
            except ssl.SSLCertVerificationError:
                raise
            except (OSError, TimeoutError) as error:
                log.info("sip → %s: %s", target, error or "no answer")
                last_error = error
                continue
            self._keep_alive_task = asyncio.create_task(self._keep_alive(), name="sip keepalive")
            return self._socket.local
        raise last_error

    @property
    def local(self) -> Local:
        """Our end of the call's own socket; raises RuntimeError before `open`."""
        if self._socket is None:
            raise RuntimeError("no socket is open")
        return self._socket.local

    def keep(self) -> None:
        """Make the call's own connection again from now on, when it is lost."""
        if self._socket is not None and self._socket.target.transport != "UDP":
            self._reconnection = Reconnection(self._open_own, self._made_again, self._on_lost)

    def let_go(self) -> None:
        """Make no lost connection again, since the call is over."""
        if not self._down:
            self._reconnection = None

    def send(self, message: Message) -> None:
        """Send a message now; what cannot be sent is lost, as in any network."""
        data = serialise(message)
        if isinstance(message, Request):
            log.debug("sip → %s", message.method)
            self._send_request(message, data)
        elif isinstance(message, Response):
            log.debug("sip → %d", message.code)
            origin, peer = self._origins.get(branch_of(message), (self._socket, None))
            if origin is not None and origin.open:
                origin.send(data, peer)
            else:
                self._send_by_own(data, repeated=False)

    async def close(self) -> None:
        """Close every socket."""
        own, self._socket = self._socket, None
        if self._reconnection is not None:
            await self._reconnection.stop()
        if self._keep_alive_task is not None:
            self._keep_alive_task.cancel()
            await asyncio.gather(self._keep_alive_task, return_exceptions=True)
        others = list(self._others.values())
        for task in others:
            if not task.done():
                task.cancel()
        for one in await asyncio.gather(*others, return_exceptions=True):
            if one is not None and not isinstance(one, BaseException):
                await one.close()
        self._others.clear()
        if own is not None:
            await own.close()

    def _send_request(self, message: Request, data: bytes) -> None:
        own = self._socket
        if own is None:
            return
        target = self._other_target(message, own)
        if target is None:
            self._send_by_own(data, repeated=message.method != "ACK")
        elif target.transport == "UDP" and own.target.transport == "UDP":
            own.send(data, (target.host, target.port))
        elif target in self._others or len(self._others) < MAX_OTHER_SOCKETS:
            self._send_to_other(target, data)
        else:
            self._send_by_own(data, repeated=message.method != "ACK")

    def _send_by_own(self, data: bytes, *, repeated: bool) -> None:
        """Send by the call's own socket, or as soon as its connection is there again.

        ``repeated`` is whether a transaction of ours sends it again when we have moved.
        """
        if not self._down:
            if self._socket is not None:
                self._socket.send(data)
        elif self._reconnection is not None:
            if not repeated and len(self._unsent) < MAX_WAITING:
                self._unsent.append(data)
            self._reconnection.hurry()

    async def _open_own(self) -> None:
        """Connect again to where the call went; raises OSError and TimeoutError."""
        before = self._socket
        if before is None:
            raise OSError("closed")
        await before.close()
        self._socket = await open_socket(before.target, self._trust, self._received, self._gone)

    def _made_again(self) -> None:
        if self._socket is None:
            return
        log.info("sip → %s: connected again", self._socket.target)
        self._down = False
        unsent, self._unsent = self._unsent, []
        for data in unsent:
            self._socket.send(data)
        self._on_moved(self._socket.local)

    def _other_target(self, message: Request, own: SipSocket) -> Target | None:
        """The target of a request inside the dialog; None for the one where the call went."""
        if not to_tag(message) or message.method == "CANCEL":
            return None
        hop = message.uri
        try:
            routes = message.headers.getlist("Route")
            if routes:
                hop = read_address(pieces(routes[0], ",")[0]).uri
        except ValueError:
            return None
        target = _target(hop, own.target)
        host = target.host.lower()
        known = {own.peer[0].lower(), own.target.host.lower(), own.target.name.lower()}
        # A datagram to a port out of range would close the socket that it is sent by.
        reachable = 0 < target.port < 65536 and target.transport in ("UDP", "TCP", "TLS")
        if host in known or not reachable:
            return None  # also with another port: the open connection is used (RFC 5923)
        if not _numeric(host) and own.target.transport == "UDP":
            return None
        if _private(host) and not _private(own.peer[0]):
            return None  # behind an address translation; the call's own socket leads there
        return target

    def _send_to_other(self, target: Target, data: bytes) -> None:
        task = self._others.get(target)
        if task is not None and task.done():
            other = task.result()
            if other is None:
                self._send_by_own(data, repeated=False)
            else:
                other.send(data)
            return
        waiting = self._waiting.setdefault(target, [])
        if len(waiting) < MAX_WAITING:
            waiting.append(data)
        if task is None:
            self._others[target] = asyncio.create_task(
                self._open_other(target), name="sip next hop"
            )

    async def _open_other(self, target: Target) -> SipSocket | None:
        try:
            other: SipSocket | None = await open_socket(
                target, self._trust, self._received, self._other_gone
            )
        except (OSError, TimeoutError) as error:
            log.info("sip → %s: %s; by the call's own socket", target, error or "no answer")
            other = None
        for data in self._waiting.pop(target, []):
            if other is None:
                self._send_by_own(data, repeated=False)
            else:
                other.send(data)
        return other

    async def _keep_alive(self) -> None:
        while self._socket is not None:
            await asyncio.sleep(KEEP_ALIVE_INTERVAL_S)
            others = [task.result() for task in self._others.values() if task.done()]
            for one in (self._socket, *others):
                if one is not None:
                    one.keep_alive()

    def _received(self, source: SipSocket, data: bytes, peer: Peer) -> None:
        try:
            message = parse(data)
        except MessageError as error:
            log.info("sip ← %s: %s", peer[0], error)
            self._on_unreadable(data, str(error))
            if answer := answer_to(data, str(error)):
                source.send(answer, peer)
            return
        if isinstance(message, Request):
            log.debug("sip ← %s", message.method)
            note_source(message, peer)
            self._origins[branch_of(message)] = (source, peer)
            while len(self._origins) > MAX_ORIGINS:
                self._origins.popitem(last=False)
        else:
            log.debug("sip ← %d", message.code)
        self._on_message(message)

    def _gone(self, one: SipSocket, why: str) -> None:
        if one is not self._socket:
            return
        self._down = True
        if self._reconnection is None:
            self._on_lost(why)
        else:
            log.info("sip ← %s: %s; connecting again", one.target, why)
            self._reconnection.begin(why)

    def _other_gone(self, one: SipSocket, why: str) -> None:
        """The next request to there opens it again."""
        log.info("sip ← %s: %s", one.target, why)
        task = self._others.get(one.target)
        if task is not None and task.done() and task.result() is one:
            del self._others[one.target]


def note_source(request: Request, peer: Peer) -> None:
    """Write on the topmost Via where a request came from: received and rport (RFC 3581)."""
    lines = list(request.headers.getlist("Via"))
    via = top_via(request)
    text = first = pieces(lines[0], ",")[0]
    wants_port = "rport" in via.parameters
    if wants_port:
        text = _RPORT.sub(f";rport={peer[1]}", text)
    if wants_port or via.host.strip("[]").lower() != peer[0].lower():
        text += f";received={peer[0]}"
    lines[0] = text + lines[0].lstrip()[len(first) :]
    request.headers.setlist("Via", lines)


def _target(hop: URI, own: Target) -> Target:
    transport = (hop.parameters.get("transport") or "").upper()
    if hop.scheme == "sips":
        transport = "TLS"
    transport = transport or ("TLS" if own.transport == "TLS" else "UDP")
    host = (hop.parameters.get("maddr") or hop.host).strip("[]")
    return Target(transport, host, hop.port or (5061 if transport == "TLS" else 5060), host)


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _private(host: str) -> bool:
    return _numeric(host) and ipaddress.ip_address(host).is_private
