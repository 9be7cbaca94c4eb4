"""All transactions of one call without I/O: messages and times in, messages and events out.

A transaction is a request and its answers, repeated as the transport needs it (RFC 3261
section 17).
"""

from dataclasses import dataclass

from sipmessage import Message, Request, Response

from appliance.dialers.sip.signalling.client_transaction import (
    ClientTransaction,
    State,
    cancel_of,
    client_key,
)
from appliance.dialers.sip.signalling.message import Local, new_branch, new_tag, response
from appliance.dialers.sip.signalling.received.header_values import to_tag
from appliance.dialers.sip.signalling.server_transaction import ServerTransaction, server_key

MAX_SERVER_TRANSACTIONS = 256
"""Requests of the far end that are open at a time; one that sends more is answered with 503."""
MAX_FORKS = 16
"""Far ends that one INVITE of ours may reach."""


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """The far end sent a request; answer it with `Transactions.answer`."""

    request: Request


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """The far end answered our ``request``: each provisional answer, and the final one once.

    A 2xx to an INVITE comes once for each To tag, and again until `acknowledge` was called.
    """

    request: Request
    response: Response


@dataclass(frozen=True, slots=True)
class TransactionTimeout:
    """Our ``request`` got no final answer in time, or its connection was lost."""

    request: Request


@dataclass(frozen=True, slots=True)
class CancelReceived:
    """The far end cancels its INVITE ``request``, which is still to be answered with 487."""

    request: Request


@dataclass(frozen=True, slots=True)
class AckReceived:
    """The far end acknowledged our 2xx to ``request``; ``ack`` may answer our offer."""

    request: Request
    ack: Request


@dataclass(frozen=True, slots=True)
class AckTimeout:
    """The far end never acknowledged our 2xx to the INVITE ``request``: end the session."""

    request: Request


TransactionEvent = (
    RequestReceived
    | ResponseReceived
    | TransactionTimeout
    | CancelReceived
    | AckReceived
    | AckTimeout
)


class Transactions:
    """Owns every transaction. Fetch what is to be sent with `outgoing`; ``now`` is any clock in
    seconds that never goes back."""

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
        """Send a request of ours in a new transaction; sets its Via."""
        request.headers.remove("Via")
        request.via = [self.local.via(new_branch())]
        self._begin(request, now)

    def acknowledge(self, request: Request, ack: Request) -> None:
        """Send the ACK to a 2xx, and again whenever the 2xx is repeated (13.2.2.4)."""
        ack.via = [self.local.via(new_branch())]
        client = self._clients.get(client_key(request))
        if client is not None and len(client.acks) < MAX_FORKS:
            client.acks[to_tag(ack)] = ack
        self._out.append(ack)

    def cancel(self, request: Request, now: float) -> None:
        """Cancel an INVITE of ours, as soon as a provisional answer has come (section 9.1)."""
        client = self._clients.get(client_key(request))
        if client is None or client.cancel_wanted:
            return
        if client.state in (State.CALLING, State.PROCEEDING):
            client.cancel_wanted = True
        if client.state is State.PROCEEDING:
            client.expect_end(now)
            self._begin(cancel_of(request), now)

    def answer(self, request: Request, answer: Response, now: float) -> None:
        """Send an answer to a request of the far end."""
        server = self._servers.get((request.method, *server_key(request)))
        if server is not None:
            server.answer(answer, now)

    def abandon(self) -> list[TransactionEvent]:
        """End every open request of ours, since the connection is lost; gives their timeouts."""
        states = (State.CALLING, State.PROCEEDING)
        lost = [one for one in self._clients.values() if one.state in states]
        for one in lost:
            one.abandon()
        self._sweep()
        return [TransactionTimeout(one.request) for one in lost]

    def moved(self, local: Local) -> None:
        """Go on from another socket of ours, since the connection was lost and made again.

        What had no answer yet is sent again, with its old Via: a server that has seen it takes it
        for a repetition.
        """
        self.local = local
        states = (State.CALLING, State.PROCEEDING)
        self._out += [one.request for one in self._clients.values() if one.state in states]

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due; None while nothing is open."""
        times = [one.next_timer() for one in self._clients.values()]
        times += [one.next_timer() for one in self._servers.values()]
        return min((at for at in times if at is not None), default=None)

    def on_timer(self, now: float) -> list[TransactionEvent]:
        """Repeat, or give up, whatever is due by now."""
        events: list[TransactionEvent] = [
            TransactionTimeout(one.request)
            for one in list(self._clients.values())
            if one.on_timer(now)
        ]
        events += [
            AckTimeout(one.request) for one in list(self._servers.values()) if one.on_timer(now)
        ]
        self._sweep()
        return events

    def receive(self, message: Request | Response, now: float) -> list[TransactionEvent]:
        """Take a message of the far end."""
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

    def _response(self, message: Response, now: float) -> list[TransactionEvent]:
        client = self._clients.get(client_key(message))
        if client is None or not client.receive(message, now):
            return []
        if message.code < 200 and client.cancel_wanted and client.invite:
            self._cancel_now(client, now)
        if client.request.method == "CANCEL":
            return []
        return [ResponseReceived(client.request, message)]

    def _cancel_now(self, client: ClientTransaction, now: float) -> None:
        cancel = cancel_of(client.request)
        if client_key(cancel) not in self._clients:
            client.expect_end(now)
            self._begin(cancel, now)

    def _ack(self, ack: Request, now: float) -> list[TransactionEvent]:
        server = self._servers.get(("INVITE", *server_key(ack))) or self._accepted(ack)
        if server is not None and server.acknowledged(now):
            return [AckReceived(server.request, ack)]
        return []

    def _accepted(self, ack: Request) -> ServerTransaction | None:
        """The ACK to a 2xx is a transaction of its own; Call-ID and CSeq tell whose it is."""
        for server in self._servers.values():
            same = server.request.call_id == ack.call_id and server.invite
            if same and server.request.cseq.sequence == ack.cseq.sequence:
                return server
        return None

    def _request(self, request: Request, now: float) -> list[TransactionEvent]:
        key = (request.method, *server_key(request))
        known = self._servers.get(key)
        if known is not None:
            known.repeated()
            return []
        if len(self._servers) >= MAX_SERVER_TRANSACTIONS:
            self._out.append(response(request, 503, new_tag()))
            return []
        server = ServerTransaction(request, reliable=self.local.reliable, out=self._out, now=now)
        self._servers[key] = server
        if request.method != "CANCEL":
            return [RequestReceived(request)]
        invite = self._servers.get(("INVITE", *server_key(request)))
        server.answer(response(request, 200 if invite else 481, new_tag()), now)
        if invite is not None and invite.state is State.PROCEEDING:
            return [CancelReceived(invite.request)]
        return []

    def _sweep(self) -> None:
        over = State.TERMINATED
        self._clients = {k: one for k, one in self._clients.items() if one.state is not over}
        self._servers = {k: one for k, one in self._servers.items() if one.state is not over}
