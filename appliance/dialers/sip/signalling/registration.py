"""Registers with a registrar, refreshes and unregisters, without I/O (RFC 3261 section 10)."""

import secrets
from enum import StrEnum
from typing import assert_never

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import Local, new_tag, number, request, tagged
from appliance.dialers.sip.signalling.received.header_values import contacts
from appliance.dialers.sip.signalling.transactions import (
    AckReceived,
    AckTimeout,
    CancelReceived,
    RequestReceived,
    ResponseReceived,
    TransactionEvent,
    Transactions,
    TransactionTimeout,
)

EXPIRES_S = 600
"""How long a registration is asked for."""
MAX_EXPIRES_S = 86400
"""The longest that a registrar may ask of us (Min-Expires)."""
RETRY_S = 30.0
"""After a refresh that failed; the call goes on meanwhile."""
MIN_REFRESH_S = 10.0
"""A registrar that grants less is not asked more often."""


class RegistrationState(StrEnum):
    """How far a registration is."""

    PENDING = "pending"
    REGISTERED = "registered"
    REFUSED = "refused"
    ENDED = "ended"


class Registration:
    """Keeps one address registered. ``failure`` is the refusal, None where no answer came.

    Methods only queue: fetch what is to be sent with `outgoing`. ``near`` is the address to
    register, without a tag; ``local`` is our end of the socket.
    """

    def __init__(
        self,
        local: Local,
        near: Address,
        registrar: URI,
        authenticator: Authenticator,
        routes: list[Address] | None = None,
    ) -> None:
        self.call_id = secrets.token_hex(12)
        self.state = RegistrationState.PENDING
        self.failure: Response | None = None
        self._transactions = Transactions(local)
        self._near, self._registrar = tagged(near, new_tag()), registrar
        self._far = near
        self._authenticator = authenticator
        self._routes = routes or []
        self._cseq = 0
        self._tries = 0
        self._expires_s = EXPIRES_S
        self._open: Request | None = None
        self._refresh_at: float | None = None

    def begin(self, now: float) -> None:
        """Register, or refresh."""
        self._tries = 0
        self._send(self._expires_s, now)

    def end(self, now: float) -> None:
        """Unregister; does nothing where nothing is registered."""
        self._refresh_at = None
        if self.state is RegistrationState.REGISTERED:
            self._tries, self._expires_s = 0, 0
            self._send(0, now)
        elif self.state is RegistrationState.PENDING:
            self.state = RegistrationState.ENDED

    def receive(self, message: Request | Response, now: float) -> None:
        """Take a message that has our Call-ID."""
        self._handle(self._transactions.receive(message, now), now)

    def moved(self, local: Local, now: float) -> None:
        """Go on from another socket of ours; the registrar is told."""
        self._transactions.moved(local)
        if self.state is RegistrationState.REGISTERED and self._expires_s:
            self.begin(now)

    def lost(self, now: float) -> None:
        """Note that the connection is lost."""
        self._handle(self._transactions.abandon(), now)

    def on_timer(self, now: float) -> None:
        """Do what is due by now: repeat, give up, refresh."""
        self._handle(self._transactions.on_timer(now), now)
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = None
            self.begin(now)

    def next_timer(self) -> float | None:
        """When `on_timer` is due; None while nothing is."""
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

    def _handle(self, events: list[TransactionEvent], now: float) -> None:
        for event in events:
            match event:
                case ResponseReceived(request, answer):
                    if request is self._open:
                        self._answered(answer, now)
                case TransactionTimeout(request):
                    if request is self._open:
                        self._failed(None, now)
                case RequestReceived() | CancelReceived() | AckReceived() | AckTimeout():
                    pass  # a registrar asks nothing
                case _:
                    assert_never(event)

    def _answered(self, answer: Response, now: float) -> None:
        if answer.code < 200:
            return
        self._open = None
        least = number(answer, "Min-Expires")
        if answer.code in (401, 407) and self._authenticator.challenged(answer, self._tries):
            self._tries += 1
            self._send(self._expires_s, now)
        elif answer.code == 423 and least is not None and self._expires_s < least <= MAX_EXPIRES_S:
            self._expires_s = least
            self._send(self._expires_s, now)
        elif answer.code >= 300:
            self._failed(answer, now)
        elif not self._expires_s:
            self.state = RegistrationState.ENDED
        else:
            self.state = RegistrationState.REGISTERED
            granted = self._granted(answer)
            # Early enough for a second try, late enough for a short one not to be a flood.
            self._refresh_at = now + max(granted * 0.8 - 5, granted / 2, MIN_REFRESH_S)

    def _granted(self, answer: Response) -> float:
        """The seconds that our contact has; the registrar may give fewer than asked for."""
        local = self._transactions.local
        for contact in contacts(answer):
            expires = contact.parameters.get("expires") or ""
            same = contact.uri.host == local.host and contact.uri.port == local.port
            if same and expires.isascii() and expires.isdecimal():
                return float(expires)
        return float(number(answer, "Expires") or self._expires_s)

    def _failed(self, answer: Response | None, now: float) -> None:
        self._open = None
        if not self._expires_s:
            self.state = RegistrationState.ENDED
        elif self.state is RegistrationState.REGISTERED:
            self._refresh_at = now + RETRY_S
        else:
            self.state, self.failure = RegistrationState.REFUSED, answer
