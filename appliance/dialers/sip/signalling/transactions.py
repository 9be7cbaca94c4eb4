"""All transactions of one flow without I/O: messages and hours in, messages and events out."""

from dataclasses import dataclass

from sipmessage import Message, Request, Response

from appliance.dialers.sip.signalling.client_transaction import (
    ClientTransaction,
    State,
    cancel_of,
    client_key,
)
from appliance.dialers.sip.signalling.message import Local, new_branch, new_tag, response, tag_of
from appliance.dialers.sip.signalling.server_transaction import ServerTransaction, server_key

MOST = 256
"""Requests of a far end that are open at a time; one that sends more is answered with 503."""
MOST_FORKS = 16
"""Far ends that one INVITE of ours may reach."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The far end asks; answer with `Transactions.answer`."""

    request: Request


@dataclass(frozen=True, slots=True)
class Replied:
    """An answer to a request of ours; each provisional one, and the final one once.

    A 2xx to an INVITE comes once for each To tag, and again until `acknowledge` was called.
    """

    request: Request
    response: Response


@dataclass(frozen=True, slots=True)
class Silent:
    """No final answer to a request of ours."""

    request: Request


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The far end takes its INVITE back, which is still to be answered (with 487)."""

    request: Request


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The ACK to our 2xx; ``ack`` may carry the answer to our offer."""

    request: Request
    ack: Request


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """Our 2xx to an INVITE was never acknowledged: the session is to be ended."""

    request: Request


Event = Asked | Replied | Silent | Cancelled | Acknowledged | Unacknowledged


class Transactions:
    """What goes out is fetched with ``outgoing``; ``now`` is any clock in seconds."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self._out: list[Message] = []
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, ...], ServerTransaction] = {}

    def outgoing(self) -> list[Message]:
        """What is to be sent now, in order; each is given once."""
        out = self._out[:]
        self._out.clear()
        return out

    def send(self, request: Request, now: float) -> None:
        """Begin a transaction; gives ``request`` a Via of its own."""
        request.headers.remove("Via")
        request.via = [self.local.via(new_branch())]
        self._begin(request, now)

    def acknowledge(self, request: Request, ack: Request) -> None:
        """Send the ACK to a 2xx, and again whenever the 2xx is repeated (13.2.2.4)."""
        ack.via = [self.local.via(new_branch())]
        client = self._clients.get(client_key(request))
        if client is not None and len(client.acks) < MOST_FORKS:
            client.acks[tag_of(ack.to_address)] = ack
        self._out.append(ack)

    def cancel(self, request: Request, now: float) -> None:
        """Take an INVITE back as soon as the far end has shown that it knows of it (9.1)."""
        client = self._clients.get(client_key(request))
        if client is None or client.cancel_wanted:
            return
        if client.state in (State.CALLING, State.PROCEEDING):
            client.cancel_wanted = True
        if client.state is State.PROCEEDING:
            client.expect_end(now)
            self._begin(cancel_of(request), now)

    def answer(self, request: Request, answer: Response, now: float) -> None:
        """Answer a request of the far end's."""
        server = self._servers.get((request.method, *server_key(request)))
        if server is not None:
            server.answer(answer, now)

    def abandon(self) -> list[Event]:
        """The flow is lost: every request of ours that is open counts as unanswered."""
        states = (State.CALLING, State.PROCEEDING)
        lost = [one for one in self._clients.values() if one.state in states]
        for one in lost:
            one.abandon()
        self._sweep()
        return [Silent(one.request) for one in lost]

    @property
    def idle(self) -> bool:
        """Whether nothing of ours waits for an answer, and no answer of ours for its ACK."""
        waiting = (State.CALLING, State.PROCEEDING)
        return not any(one.state in waiting for one in self._clients.values())

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due; None while nothing is open."""
        times = [one.next_timer() for one in self._clients.values()]
        times += [one.next_timer() for one in self._servers.values()]
        return min((at for at in times if at is not None), default=None)

    def on_timer(self, now: float) -> list[Event]:
        """Repeat and give up whatever is due."""
        events: list[Event] = [
            Silent(one.request) for one in list(self._clients.values()) if one.on_timer(now)
        ]
        events += [
            Unacknowledged(one.request) for one in list(self._servers.values()) if one.on_timer(now)
        ]
        self._sweep()
        return events

    def receive(self, message: Request | Response, now: float) -> list[Event]:
        """Take a message from the flow."""
        if isinstance(message, Response):
            events = self._response(message, now)
        elif message.method == "ACK":
            events = self._ack(message, now)
        else:
            events = self._request(message, now)
        self._sweep()
        return events

    def _begin(self, request: Request, now: float) -> None:
        self._clients[client_key(request)] = ClientTransaction(
            request, reliable=self.local.reliable, out=self._out, now=now
        )

    def _response(self, message: Response, now: float) -> list[Event]:
        client = self._clients.get(client_key(message))
        if client is None or not client.receive(message, now):
            return []
        if message.code < 200 and client.cancel_wanted and client.invite:
            self._cancel_now(client, now)
        if client.request.method == "CANCEL":
            return []
        return [Replied(client.request, message)]

    def _cancel_now(self, client: ClientTransaction, now: float) -> None:
        cancel = cancel_of(client.request)
        if client_key(cancel) not in self._clients:
            client.expect_end(now)
            self._begin(cancel, now)

    def _ack(self, ack: Request, now: float) -> list[Event]:
        server = self._servers.get(("INVITE", *server_key(ack))) or self._accepted(ack)
        if server is not None and server.acknowledged(now):
            return [Acknowledged(server.request, ack)]
        return []

    def _accepted(self, ack: Request) -> ServerTransaction | None:
        """The ACK to a 2xx is a transaction of its own; Call-ID and CSeq tell whose it is."""
        for server in self._servers.values():
            same = server.request.call_id == ack.call_id and server.invite
            if same and server.request.cseq.sequence == ack.cseq.sequence:
                return server
        return None

    def _request(self, request: Request, now: float) -> list[Event]:
        key = (request.method, *server_key(request))
        known = self._servers.get(key)
        if known is not None:
            known.repeated()
            return []
        if len(self._servers) >= MOST:
            self._out.append(response(request, 503, new_tag()))
            return []
        server = ServerTransaction(request, reliable=self.local.reliable, out=self._out, now=now)
        self._servers[key] = server
        if request.method != "CANCEL":
            return [Asked(request)]
        invite = self._servers.get(("INVITE", *server_key(request)))
        server.answer(response(request, 200 if invite else 481, new_tag()), now)
        if invite is not None and invite.state is State.PROCEEDING:
            return [Cancelled(invite.request)]
        return []

    def _sweep(self) -> None:
        over = State.TERMINATED
        self._clients = {k: one for k, one in self._clients.items() if one.state is not over}
        self._servers = {k: one for k, one in self._servers.items() if one.state is not over}
