"""Server transactions without I/O: a request is answered, and again when it is repeated."""

from sipmessage import Message, Request, Response

from appliance.dialers.sip.signalling.client_transaction import T1, T2, T4, State
from appliance.dialers.sip.signalling.message import COOKIE, response
from appliance.dialers.sip.signalling.received.header_values import branch_of, from_tag, top_via


class ServerTransaction:
    """One request of the far end: INVITE (RFC 3261 section 17.2.1) or another (17.2.2).

    It appends what is to be sent to ``out``. The 2xx to an INVITE is repeated here as well, until
    its ACK is seen (13.3.1.4).
    """

    def __init__(self, request: Request, *, reliable: bool, out: list[Message], now: float) -> None:
        self.request = request
        self.invite = request.method == "INVITE"
        self.state = State.CALLING
        self.acked = False
        self._reliable = reliable
        self._out = out
        self._last: Response | None = None
        self._repeat = T1
        self._repeat_at: float | None = None
        self._over_at: float | None = None
        if self.invite:
            self.answer(response(request, 100), now)

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due."""
        times = [at for at in (self._repeat_at, self._over_at) if at is not None]
        return min(times, default=None)

    def on_timer(self, now: float) -> bool:
        """Repeat the answer where that is due; gives True when a 2xx was never acknowledged."""
        if self._over_at is not None and now >= self._over_at:
            unacknowledged = self.state is State.ACCEPTED and not self.acked
            self._end()
            return unacknowledged
        if self._repeat_at is not None and now >= self._repeat_at:
            if self._last is not None:
                self._out.append(self._last)
            self._repeat = min(self._repeat * 2, T2)
            self._repeat_at = now + self._repeat
        return False

    def repeated(self) -> None:
        """Answer the request again, which came once more."""
        if self._last is not None and not (self.invite and self.state is State.ACCEPTED):
            self._out.append(self._last)

    def answer(self, answer: Response, now: float) -> None:
        """Send an answer; does nothing after the final one."""
        if self.state not in (State.CALLING, State.PROCEEDING):
            return
        self._last = answer
        self._out.append(answer)
        if answer.code < 200:
            self.state = State.PROCEEDING
            return
        self._over_at = now + 64 * T1
        if self.invite and answer.code < 300:
            self.state = State.ACCEPTED
            self._repeat_at = now + T1
        elif self.invite:
            self.state = State.COMPLETED
            self._repeat_at = None if self._reliable else now + T1
        elif self._reliable:
            self._end()
        else:
            self.state = State.COMPLETED

    def acknowledged(self, now: float) -> bool:
        """Take the ACK; gives True for the first to a 2xx, which the user has to know of."""
        self._repeat_at = None
        first = self.state is State.ACCEPTED and not self.acked
        self.acked = True
        if self.state is State.COMPLETED:
            self._over_at = now + (0.0 if self._reliable else T4)
        return first

    def _end(self) -> None:
        self.state = State.TERMINATED
        self._repeat_at = self._over_at = None


def server_key(request: Request) -> tuple[str, ...]:
    """The key by which a repetition, an ACK and a CANCEL find their request (17.2.3)."""
    via, branch = top_via(request), branch_of(request)
    if branch.startswith(COOKIE) and branch != COOKIE:
        return branch, via.host.lower(), str(via.port)
    # As RFC 2543 does it, for old far ends without such a branch.
    number, tag = str(request.cseq.sequence), from_tag(request)
    return request.call_id, number, tag, str(via)
