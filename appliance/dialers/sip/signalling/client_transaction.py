"""Client transactions without I/O: a request is sent, and repeated until its answer comes."""

from enum import StrEnum

from sipmessage import CSeq, Message, Request, Response

from appliance.dialers.sip.signalling.message import MAX_FORWARDS
from appliance.dialers.sip.signalling.received.header_values import branch_of, to_tag

T1, T2, T4 = 0.5, 4.0, 5.0
"""RFC 3261 table 4, in seconds: round trip, longest repetition, lifetime of a message."""


class State(StrEnum):
    """Of RFC 3261 figures 5 and 6, with RFC 6026's ``accepted``."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class ClientTransaction:
    """One request of ours: INVITE (RFC 3261 section 17.1.1) or another (17.1.2).

    It appends what is to be sent to ``out``. ``reliable`` is whether the transport repeats.
    """

    def __init__(self, request: Request, *, reliable: bool, out: list[Message], now: float) -> None:
        self.request = request
        self.invite = request.method == "INVITE"
        self.state = State.CALLING
        self.acks: dict[str, Request] = {}  # by To tag: the ACK to a 2xx, sent again for each
        self.cancel_wanted = False
        self._reliable = reliable
        self._out = out
        self._repeat = T1
        self._repeat_at: float | None = None if reliable else now + T1
        self._over_at: float | None = now + 64 * T1
        out.append(request)

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due."""
        times = [at for at in (self._repeat_at, self._over_at) if at is not None]
        return min(times, default=None)

    def on_timer(self, now: float) -> bool:
        """Repeat the request where that is due; gives True when it has timed out."""
        if self._over_at is not None and now >= self._over_at:
            unanswered = self.state in (State.CALLING, State.PROCEEDING)
            self._end()
            return unanswered
        if self._repeat_at is not None and now >= self._repeat_at:
            self._out.append(self.request)
            self._repeat *= 2
            if not self.invite:
                self._repeat = min(self._repeat, T2)
            if self.state is State.PROCEEDING:
                self._repeat = T2
            self._repeat_at = now + self._repeat
        return False

    def receive(self, response: Response, now: float) -> bool:
        """Take an answer; gives whether the user has to know of it."""
        if response.code < 200:
            return self._provisional()
        if not self.invite:
            return self._final(T4, now)
        if response.code < 300:
            return self._accepted(response, now)
        if self.state in (State.CALLING, State.PROCEEDING):
            self._out.append(ack_of(self.request, response))
            return self._final(64 * T1, now)
        if self.state is State.COMPLETED:
            self._out.append(ack_of(self.request, response))
        return False

    def expect_end(self, now: float) -> None:
        """Time out in 64*T1, since a CANCEL was sent (RFC 3261 section 9.1)."""
        self._over_at = now + 64 * T1

    def abandon(self) -> None:
        """End the transaction, since its connection is lost."""
        self._end()

    def _provisional(self) -> bool:
        if self.state not in (State.CALLING, State.PROCEEDING):
            return False
        self.state = State.PROCEEDING
        if self.invite:
            # The far end may ring for any time from here on.
            self._repeat_at = None
            if not self.cancel_wanted:
                self._over_at = None
        return True

    def _accepted(self, response: Response, now: float) -> bool:
        if self.state in (State.CALLING, State.PROCEEDING):
            self.state = State.ACCEPTED
            self._repeat_at, self._over_at = None, now + 64 * T1
            return True
        if self.state is not State.ACCEPTED:
            return False
        ack = self.acks.get(to_tag(response))
        if ack is not None:
            self._out.append(ack)
        return ack is None

    def _final(self, linger: float, now: float) -> bool:
        if self.state not in (State.CALLING, State.PROCEEDING):
            return False
        self.state = State.COMPLETED
        self._repeat_at, self._over_at = None, now + linger
        if self._reliable:
            self._end()
        return True

    def _end(self) -> None:
        self.state = State.TERMINATED
        self._repeat_at = self._over_at = None


def ack_of(request: Request, response: Response) -> Request:
    """The ACK to a final answer that is no 2xx: of the same transaction (17.1.1.3)."""
    ack = _same_hop("ACK", request)
    ack.headers.set("To", response.headers["To"])
    return ack


def cancel_of(request: Request) -> Request:
    """The CANCEL of an INVITE (section 9.1)."""
    return _same_hop("CANCEL", request)


def _same_hop(method: str, request: Request) -> Request:
    one = Request(method, request.uri)
    one.headers.set("Via", request.headers["Via"])
    one.headers.set("Max-Forwards", str(MAX_FORWARDS))
    for name in ("From", "To", "Call-ID"):
        one.headers.set(name, request.headers[name])
    one.cseq = CSeq(request.cseq.sequence, method)
    if request.headers.getlist("Route"):
        one.headers.setlist("Route", list(request.headers.getlist("Route")))
    return one


def client_key(message: Message) -> tuple[str, str]:
    """The key by which an answer finds its request (17.1.3)."""
    return branch_of(message), message.cseq.method
