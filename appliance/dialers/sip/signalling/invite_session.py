"""The signalling of one call without I/O: messages and hours in, messages and events out.

``send`` methods only queue: fetch what is to go out with `outgoing`, what happened with
`take_events`. ``now`` is any clock in seconds that never goes back.
"""

import random
import secrets

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.events import LegEvent
from appliance.dialers.sip.signalling.message import Local, new_tag, tagged
from appliance.dialers.sip.signalling.session import Session
from appliance.dialers.sip.signalling.session_timer import Due, SessionTimer
from appliance.dialers.sip.signalling.transactions import (
    Acknowledged,
    Asked,
    Cancelled,
    Event,
    Replied,
    Silent,
    Transactions,
    Unacknowledged,
)
from appliance.dialers.sip.signalling.uac import Asking, Purpose
from appliance.dialers.sip.signalling.uas import Answering


class InviteSession:
    """One call: ours to somebody (`call`), or with ``open_door`` somebody's to us (`Incoming`).

    ``near`` is our From, without tag; ``local`` our end of the flow; ``least_s`` the shortest
    session interval taken, ``interval_s`` the one asked for (RFC 4028).
    """

    def __init__(
        self,
        local: Local,
        near: Address,
        *,
        authenticator: Authenticator | None = None,
        open_door: bool = False,
        timer: SessionTimer | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.call_id = secrets.token_hex(12)
        self._transactions = Transactions(local)
        self._session = Session(
            self._transactions,
            tagged(near, new_tag()),
            authenticator or Authenticator(),
            timer or SessionTimer(),
        )
        self._asking = Asking(self._session, chance or random.Random())  # noqa: S311 - a back-off
        self._answering = Answering(self._session, open_door=open_door)

    @property
    def over(self) -> bool:
        """Whether there is no call, or no longer one."""
        return self._session.over

    @property
    def settled(self) -> bool:
        """Whether nothing more has to be waited for after `hang_up`."""
        return not self._asking.busy

    @property
    def refreshes(self) -> int:
        """How often the session was refreshed."""
        return self._session.timer.refreshes

    @property
    def near_sdp(self) -> str:
        """The media description that we last sent and that stands."""
        return self._session.near_sdp

    def call(self, target: URI, sdp: str, now: float, routes: list[Address] | None = None) -> None:
        """INVITE ``target`` with our offer; Progress, then Established or Failed follow."""
        self._asking.call(target, routes or [], self.call_id, sdp, now)

    def offer(self, sdp: str, now: float) -> None:
        """Re-INVITE with other media; Answered or OfferRefused follow."""
        self._asking.offer(sdp, now)

    def inform(self, kind: str, body: str, now: float) -> None:
        """Send an INFO."""
        self._asking.inform(kind, body, now)

    def ring(self, now: float, code: int = 180) -> None:
        """Say that an Incoming call is noticed."""
        self._answering.ring(code, now)

    def answer(self, sdp: str, now: float) -> None:
        """Take what is Incoming or Offered; ``sdp`` is our answer, or our offer to an empty one."""
        self._answering.answer(sdp, now)

    def refuse(self, code: int, now: float, headers: dict[str, str] | None = None) -> None:
        """Refuse what is Incoming or Offered."""
        self._answering.refuse(code, now, headers)

    def hang_up(self, now: float, reason: str = "") -> None:
        """CANCEL or BYE; safe to say twice. ``reason`` is a Reason header (RFC 3326)."""
        self._answering.refuse(480, now)
        self._asking.leave(now, reason)

    def receive(self, message: Request | Response, now: float) -> None:
        """Take a message from the flow."""
        self._tell(self._transactions.receive(message, now), now)

    def lost(self, now: float) -> None:
        """The flow is lost: nothing can be sent or heard any more."""
        self._tell(self._transactions.abandon(), now)
        self._session.end(far=False, why="the connection to the server is lost")

    def outgoing(self) -> list[Message]:
        """What is to be sent now, in order; each is given once."""
        return self._transactions.outgoing()

    def take_events(self) -> list[LegEvent]:
        """What happened since the last time."""
        events = list(self._session.events)
        self._session.events.clear()
        return events

    def next_timer(self) -> float | None:
        """When `on_timer` is due; None while nothing is."""
        times = (
            self._transactions.next_timer(),
            self._asking.next_timer(),
            self._session.timer.next_timer(),
        )
        return min((at for at in times if at is not None), default=None)

    def on_timer(self, now: float) -> None:
        """Do what the hour asks for."""
        self._tell(self._transactions.on_timer(now), now)
        self._asking.on_timer(now)
        due = self._session.timer.due(now)
        if due is Due.REFRESH:
            self._asking.offer(self._session.near_sdp, now, Purpose.REFRESH)
        elif due is Due.EXPIRED:
            self._break("the session was not refreshed in time", now)

    def _tell(self, events: list[Event], now: float) -> None:
        for event in events:
            match event:
                case Asked(request):
                    self._answering.asked(request, now)
                case Replied(request, response):
                    self._asking.replied(request, response, now)
                case Silent(request):
                    self._asking.silent(request, now)
                case Cancelled(request):
                    self._answering.cancelled(request, now)
                case Acknowledged(_, ack):
                    self._answering.acknowledged(ack)
                case Unacknowledged():
                    self._break("our answer was never acknowledged", now)

    def _break(self, why: str, now: float) -> None:
        self._session.end(far=False, why=why)
        self._session.over = False
        self._asking.leave(now)
        self._session.over = True
