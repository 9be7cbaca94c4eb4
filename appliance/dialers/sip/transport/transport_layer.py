"""Sends and takes the messages of one call: by its flow, and by others where it has to go there."""

import asyncio
import ipaddress
import logging
import re
import ssl
from collections import OrderedDict
from collections.abc import Callable

from sipmessage import URI, Message, Request, Response

from appliance.dialers.sip.signalling.bad_request import answer_to
from appliance.dialers.sip.signalling.message import (
    Local,
    MessageError,
    branch_of,
    parse,
    serialise,
    tag_of,
)
from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.sockets import KEEP_ALIVE_S, Peer, SipSocket, open_socket

log = logging.getLogger("diemcau.sip")

MOST_ORIGINS = 512
MOST_WAITING = 16
MOST_FLOWS = 4
_RPORT = re.compile(r";\s*rport(?=\s*(?:;|,|$))", re.IGNORECASE)
_FIRST = re.compile(r'(?:[^,"]|"[^"]*")+')


class TransportLayer:
    """``hear`` is given every message; ``lost`` is told when the call's own flow is gone."""

    def __init__(
        self,
        trust: ssl.SSLContext | None,
        hear: Callable[[Request | Response], None],
        lost: Callable[[str], None],
    ) -> None:
        self._trust, self._hear, self._lost = trust, hear, lost
        self._flow: SipSocket | None = None
        self._others: dict[Target, asyncio.Task[SipSocket | None]] = {}
        self._waiting: dict[Target, list[bytes]] = {}
        self._origins: OrderedDict[str, tuple[SipSocket, Peer]] = OrderedDict()
        self._keeper: asyncio.Task[None] | None = None

    async def open(self, places: list[Target]) -> Local:
        """Connect to the first place that can be had; raises OSError or TimeoutError of the last.

        A certificate that is not trusted ends the search: the next place would be no better.
        """
        fault: Exception = OSError("no place to connect to")
        for place in places:
            try:
                self._flow = await open_socket(place, self._trust, self._heard, self._gone)
            except ssl.SSLCertVerificationError:
                raise
            except (OSError, TimeoutError) as error:
                log.info("sip → %s: %s", place, error or "no answer")
                fault = error
                continue
            self._keeper = asyncio.create_task(self._keep_alive(), name="sip keepalive")
            return self._flow.local
        raise fault

    def send(self, message: Message) -> None:
        """Send now; what cannot be sent is lost, as on any wire."""
        data = serialise(message)
        if isinstance(message, Request):
            log.debug("sip → %s", message.method)
            self._send_request(message, data)
        elif isinstance(message, Response):
            log.debug("sip → %d", message.code)
            flow, peer = self._origins.get(branch_of(message), (self._flow, None))
            if flow is not None:
                flow.send(data, peer)

    async def close(self) -> None:
        """Close every socket."""
        flow, self._flow = self._flow, None
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        others = list(self._others.values())
        for task in others:
            if not task.done():
                task.cancel()
        for one in await asyncio.gather(*others, return_exceptions=True):
            if one is not None and not isinstance(one, BaseException):
                await one.close()
        self._others.clear()
        if flow is not None:
            await flow.close()

    def _send_request(self, message: Request, data: bytes) -> None:
        flow = self._flow
        if flow is None:
            return
        place = self._elsewhere(message, flow)
        if place is None:
            flow.send(data)
        elif place.transport == "UDP" and flow.place.transport == "UDP":
            flow.send(data, (place.host, place.port))
        elif place in self._others or len(self._others) < MOST_FLOWS:
            self._send_elsewhere(place, data)
        else:
            flow.send(data)

    def _elsewhere(self, message: Request, flow: SipSocket) -> Target | None:
        """Where a request inside the dialog goes, if not to where the call went."""
        if not tag_of(message.to_address) or message.method == "CANCEL":
            return None
        hop = message.uri
        try:
            if message.route:
                hop = message.route[0].uri
        except ValueError:
            return None
        place = _place(hop, flow.place)
        host = place.host.lower()
        known = {flow.peer[0].lower(), flow.place.host.lower(), flow.place.name.lower()}
        # A datagram to a port that is none would end the flow that it is sent by.
        reachable = 0 < place.port < 65536 and place.transport in ("UDP", "TCP", "TLS")
        if host in known or not reachable:
            return None  # also with another port: the flow that stands is the way (RFC 5923)
        if not _numeric(host) and flow.place.transport == "UDP":
            return None
        if _hidden(host) and not _hidden(flow.peer[0]):
            return None  # behind somebody's address translation; the flow leads there
        return place

    def _send_elsewhere(self, place: Target, data: bytes) -> None:
        task = self._others.get(place)
        if task is not None and task.done():
            other = task.result() or self._flow
            if other is not None:
                other.send(data)
            return
        waiting = self._waiting.setdefault(place, [])
        if len(waiting) < MOST_WAITING:
            waiting.append(data)
        if task is None:
            self._others[place] = asyncio.create_task(self._open_other(place), name="sip hop")

    async def _open_other(self, place: Target) -> SipSocket | None:
        try:
            other: SipSocket | None = await open_socket(
                place, self._trust, self._heard, self._forget
            )
        except (OSError, TimeoutError) as error:
            log.info("sip → %s: %s; by the call's own flow", place, error or "no answer")
            other = None
        way = other or self._flow
        for data in self._waiting.pop(place, []):
            if way is not None:
                way.send(data)
        return other

    async def _keep_alive(self) -> None:
        while self._flow is not None:
            await asyncio.sleep(KEEP_ALIVE_S)
            if self._flow is not None:
                self._flow.keep_alive()

    def _heard(self, flow: SipSocket, data: bytes, peer: Peer) -> None:
        try:
            message = parse(data)
        except MessageError as error:
            log.info("sip ← %s: %s", peer[0], error)
            if answer := answer_to(data, str(error)):
                flow.send(answer, peer)
            return
        if isinstance(message, Request):
            log.debug("sip ← %s", message.method)
            stamp(message, peer)
            self._origins[branch_of(message)] = (flow, peer)
            while len(self._origins) > MOST_ORIGINS:
                self._origins.popitem(last=False)
        else:
            log.debug("sip ← %d", message.code)
        self._hear(message)

    def _gone(self, flow: SipSocket, why: str) -> None:
        if flow is self._flow:
            self._lost(why)

    def _forget(self, flow: SipSocket, why: str) -> None:
        log.info("sip ← %s: %s", flow.place, why)


def stamp(request: Request, peer: Peer) -> None:
    """Note on the topmost Via where a request really came from (RFC 3261 18.2.1, RFC 3581)."""
    lines = list(request.headers.getlist("Via"))
    via = request.via[0]
    first = _FIRST.match(lines[0])
    if first is None:
        return
    text = first.group()
    wants_port = "rport" in via.parameters
    if wants_port:
        text = _RPORT.sub(f";rport={peer[1]}", text)
    if wants_port or via.host.strip("[]").lower() != peer[0].lower():
        text += f";received={peer[0]}"
    lines[0] = text + lines[0][first.end() :]
    request.headers.setlist("Via", lines)


def _place(hop: URI, flow: Target) -> Target:
    transport = (hop.parameters.get("transport") or "").upper()
    if hop.scheme == "sips":
        transport = "TLS"
    transport = transport or ("TLS" if flow.transport == "TLS" else "UDP")
    host = (hop.parameters.get("maddr") or hop.host).strip("[]")
    return Target(transport, host, hop.port or (5061 if transport == "TLS" else 5060), host)


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _hidden(host: str) -> bool:
    return _numeric(host) and ipaddress.ip_address(host).is_private
