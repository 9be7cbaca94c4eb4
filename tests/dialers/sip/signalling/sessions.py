"""Two INVITE sessions on one wire, and shorthand for their events."""

import random
from collections.abc import Callable
from typing import TypeVar

from sipmessage import URI, Address, Request, Response

from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.events import Established, Incoming, SessionEvent
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import Local
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from tests.dialers.sip.signalling.wire import ROOM, TCP_FAR, TCP_NEAR, End, Wire

Kind = TypeVar("Kind")

NEAR = Address(URI.parse("sip:ia-kly@site.example.vn"), "Xã Ia Kly")
FAR = Address(ROOM)


def hear(end: End, message: Request | Response, now: float) -> None:
    """Give a message to a session."""
    assert isinstance(end, InviteSession)
    end.receive(message, now)


def tick(end: End, now: float) -> None:
    """Let a session do what is due."""
    assert isinstance(end, InviteSession)
    end.on_timer(now)


class Pair:
    """A site's session and an MCU's."""

    def __init__(
        self,
        local: tuple[Local, Local] = (TCP_NEAR, TCP_FAR),
        *,
        near_timer: SessionTimer | None = None,
        far_timer: SessionTimer | None = None,
        authenticator: Authenticator | None = None,
        lose: Callable[[str], bool] = lambda line: False,
    ) -> None:
        self.near = InviteSession(
            local[0],
            NEAR,
            authenticator=authenticator,
            timer=near_timer,
            rng=random.Random(1),
        )
        self.far = InviteSession(
            local[1], FAR, accepts_calls=True, timer=far_timer, rng=random.Random(2)
        )
        self.wire = Wire(self.near, self.far, hear, tick, lose=lose)

    @property
    def log(self) -> list[str]:
        return self.wire.log

    def up(self) -> "Pair":
        """A call that stands; its log is empty."""
        self.near.call(ROOM, "offer 1", 0.0)
        self.wire.settle()
        only(self.far.take_events(), Incoming)
        self.far.answer("answer 1", 0.0)
        self.wire.settle()
        only(self.near.take_events(), Established)
        only(self.far.take_events(), Established)
        self.log.clear()
        return self


def only(events: list[SessionEvent], kind: type[Kind]) -> Kind:
    """The one event that there is, of this kind."""
    assert [type(event) for event in events] == [kind]
    (event,) = events
    assert isinstance(event, kind)
    return event
