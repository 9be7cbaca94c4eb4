"""What both halves of a call's signalling share: dialog, media descriptions, and who was told."""

from collections import deque
from dataclasses import dataclass, field

from sipmessage import Address, Message

from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.events import Ended, LegEvent
from appliance.dialers.sip.signalling.message import ALLOW, SUPPORTED, carry
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.signalling.transactions import Transactions

MOST_EVENTS = 256
"""More are not kept for a user who does not fetch them."""


@dataclass
class Session:
    """One INVITE session. ``near`` and ``far`` SDP are those last agreed, or last sent."""

    transactions: Transactions
    near: Address
    authenticator: Authenticator = field(default_factory=Authenticator)
    timer: SessionTimer = field(default_factory=SessionTimer)
    dialog: Dialog | None = None
    caller: bool = True  # we made the Call-ID
    near_sdp: str = ""
    far_sdp: str = ""
    far_updates: bool = False  # the far end takes UPDATE
    offering: bool = False  # an offer of ours is open
    over: bool = False
    events: deque[LegEvent] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))

    def say(self, event: LegEvent) -> None:
        """Tell the user."""
        self.events.append(event)

    def end(self, *, far: bool, why: str) -> None:
        """The session is over; said once."""
        if not self.over:
            self.finish()
            self.say(Ended(far, why))

    def finish(self) -> None:
        """The same at our own wish."""
        self.over = True
        self.timer.stop()

    def dress(self, message: Message, sdp: str) -> None:
        """Put on what every INVITE, UPDATE and their 2xx carry."""
        message.contact = [self.transactions.local.contact(self.near.uri.user or "")]
        message.headers.set("Allow", ALLOW)
        message.supported = list(SUPPORTED)
        carry(message, sdp)

    def heard(self, message: Message) -> None:
        """Note what the far end understands."""
        allow = ",".join(message.headers.getlist("Allow")).upper()
        if allow:
            self.far_updates = "UPDATE" in {word.strip() for word in allow.split(",")}
