"""Registers with a registrar without I/O, keeps it fresh, and unregisters (RFC 3261 section 10)."""

import secrets
from enum import StrEnum

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import Local, new_tag, number, request, tagged
from appliance.dialers.sip.signalling.transactions import (
    ResponseReceived,
    TransactionEvent,
    Transactions,
    TransactionTimeout,
)

WANTED_S = 600
AGAIN_S = 30.0
"""After a refresh that failed; the call goes on meanwhile."""


class Registered(StrEnum):
    """How it stands."""

    NOT_YET = "not yet"
    YES = "yes"
    REFUSED = "refused"
    GONE = "gone"


class Registration:
    """``near`` is the address that is registered, without tag; ``failure`` says why it is not."""

    def __init__(
        self,
        local: Local,
        near: Address,
        registrar: URI,
        authenticator: Authenticator,
        routes: list[Address] | None = None,
    ) -> None:
        self.call_id = secrets.token_hex(12)
        self.state = Registered.NOT_YET
        self.failure: Response | None = None
        self._transactions = Transactions(local)
        self._near, self._registrar = tagged(near, new_tag()), registrar
        self._far = near
        self._authenticator = authenticator
        self._routes = routes or []
        self._cseq = 0
        self._tries = 0
        self._wanted = WANTED_S
        self._open: Request | None = None
        self._refresh_at: float | None = None

    def begin(self, now: float) -> None:
        """Register, or refresh."""
        self._tries = 0
        self._send(self._wanted, now)

    def end(self, now: float) -> None:
        """Unregister; nothing to do where nothing is registered."""
        self._refresh_at = None
        if self.state is Registered.YES:
            self._tries, self._wanted = 0, 0
            self._send(0, now)
        elif self.state is Registered.NOT_YET:
            self.state = Registered.GONE

    def receive(self, message: Request | Response, now: float) -> None:
        """Take a message with our Call-ID."""
        self._tell(self._transactions.receive(message, now), now)

    def lost(self, now: float) -> None:
        """The flow is lost."""
        self._tell(self._transactions.abandon(), now)

    def on_timer(self, now: float) -> None:
        """Repeat, give up, refresh."""
        self._tell(self._transactions.on_timer(now), now)
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = None
            self.begin(now)

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due."""
        times = (self._transactions.next_timer(), self._refresh_at)
        return min((at for at in times if at is not None), default=None)

    def outgoing(self) -> list[Message]:
        """What is to be sent now."""
        return self._transactions.outgoing()

    def _send(self, expires: int, now: float) -> None:
        self._cseq += 1
        one = request("REGISTER", self._registrar, self._near, self._far, self.call_id, self._cseq)
        one.contact = [self._transactions.local.contact(self._near.uri.user or "")]
        one.headers.set("Expires", str(expires))
        if self._routes:
            one.route = self._routes
        self._authenticator.authorise(one)
        self._open = one
        self._transactions.send(one, now)

    def _tell(self, events: list[TransactionEvent], now: float) -> None:
        for event in events:
            if isinstance(event, ResponseReceived) and event.request is self._open:
                self._replied(event.response, now)
            elif isinstance(event, TransactionTimeout) and event.request is self._open:
                self._failed(None, now)

    def _replied(self, answer: Response, now: float) -> None:
        if answer.code < 200:
            return
        self._open = None
        least = number(answer, "Min-Expires")
        if answer.code in (401, 407) and self._authenticator.challenged(answer, self._tries):
            self._tries += 1
            self._send(self._wanted, now)
        elif answer.code == 423 and least is not None and self._wanted < least <= 86400:
            self._wanted = least
            self._send(self._wanted, now)
        elif answer.code >= 300:
            self._failed(answer, now)
        elif not self._wanted:
            self.state = Registered.GONE
        else:
            self.state = Registered.YES
            granted = self._granted(answer)
            # Early enough for a second try, late enough for a short one not to be a flood.
            self._refresh_at = now + max(granted * 0.8 - 5, granted / 2, 10.0)

    def _granted(self, answer: Response) -> float:
        """The seconds that our contact has; the registrar may give fewer than asked for."""
        mine = self._transactions.local
        try:
            contacts = answer.contact
        except ValueError:
            contacts = []
        for contact in contacts:
            expires = contact.parameters.get("expires") or ""
            same = contact.uri.host == mine.host and contact.uri.port == mine.port
            if same and expires.isascii() and expires.isdecimal():
                return float(expires)
        return float(number(answer, "Expires") or self._wanted)

    def _failed(self, answer: Response | None, now: float) -> None:
        self._open = None
        if not self._wanted:
            self.state = Registered.GONE
        elif self.state is Registered.YES:
            self._refresh_at = now + AGAIN_S
        else:
            self.state, self.failure = Registered.REFUSED, answer
