"""Drives the signalling of one call at one server: its sockets, registration and INVITE session."""

import asyncio
import logging
import ssl
from collections.abc import Callable

from sipmessage import Address, Request, Response

from appliance.dialers.sip.signalling.events import SessionEvent
from appliance.dialers.sip.signalling.invite_session import InviteSession
from appliance.dialers.sip.signalling.message import Local
from appliance.dialers.sip.signalling.registration import Registration, RegistrationState
from appliance.dialers.sip.signalling.session_timer import SessionTimer
from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.routing import Route
from appliance.dialers.sip.transport.transport_layer import TransportLayer

log = logging.getLogger("diemcau.sip")

LEAVE_TIMEOUT_S = 2.5
"""BYE, its answer and the unregistering."""


class Signaller:
    """The signalling of one call at one server, from its socket to its end.

    `handle` is called with each event of the session. ``heard`` is whether the server has said
    anything since the last `call`.
    """

    def __init__(
        self, route: Route, trust: ssl.SSLContext | None, handle: Callable[[SessionEvent], None]
    ) -> None:
        self.heard = False
        self._route, self._handle = route, handle
        self._transport = TransportLayer(
            trust,
            self._receive,
            self._lost,
            on_moved=self._moved,
            on_unreadable=self._receive_unreadable,
        )
        self._session: InviteSession | None = None
        self._registration: Registration | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._progress = asyncio.Event()  # a message came or a timer was due
        self._refreshes = 0

    @property
    def heard_at(self) -> float:
        """When the far end last spoke in the call, by the loop's clock; -inf before that."""
        return self._session.heard_at if self._session is not None else float("-inf")

    @property
    def unproven(self) -> bool:
        """Whether the server was given our password, or is to register us, and has taken neither.

        A registration that stands shows that the password is right.
        """
        if self._registration is not None:
            return self._registration.state is not RegistrationState.REGISTERED
        return self._route.authenticator.used

    async def open(self, target: Target) -> Local:
        """Connect; raises OSError and TimeoutError."""
        return await self._transport.open([target])

    async def register(self, near: Address) -> Response | None:
        """Register where the site file says so; gives the refusal, or None for none.

        Raises TimeoutError where the registrar does not answer.
        """
        if self._route.registrar is None:
            return None
        one = Registration(
            self._transport.local,
            near,
            self._route.registrar,
            self._route.authenticator,
            self._route.routes,
        )
        self._registration = one
        one.begin(self._now)
        self._advance()
        while one.state is RegistrationState.PENDING:
            await self._wait()
        if one.state is RegistrationState.REFUSED and one.failure is None:
            raise TimeoutError
        return one.failure

    def call(self, near: Address, sdp: str, interval_s: int) -> None:
        """INVITE the address of the route; `handle` hears what comes of it."""
        self.heard = False
        self._session = InviteSession(
            self._transport.local,
            near,
            authenticator=self._route.authenticator,
            timer=SessionTimer(interval_s),
        )
        self._session.call(self._route.target, sdp, self._now, self._route.routes)
        self._advance()

    def keep(self) -> None:
        """The call is up: a connection that is lost is made again from now on."""
        self._transport.keep()

    def answer(self, sdp: str) -> None:
        """Answer the offer that came; it goes out with the next `_advance`."""
        if self._session is not None:
            self._session.answer(sdp, self._now)

    def refuse(self, code: int) -> None:
        """Refuse the offer that came."""
        if self._session is not None:
            self._session.refuse(code, self._now)

    def inform(self, kind: str, body: str) -> None:
        """Send an INFO."""
        if self._session is not None:
            self._session.inform(kind, body, self._now)
            self._advance()

    def probe(self) -> None:
        """Ask the far end for a sign of life, which shows in ``heard_at``."""
        if self._session is not None:
            self._session.probe(self._now)
            self._advance()

    async def leave(self) -> None:
        """BYE or CANCEL, unregister, and wait a moment for the answers; then `close`."""
        try:
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                await self._leave()
        except TimeoutError:
            log.info("sip ← no answer to our BYE or unregistering; closing without it")
        finally:
            await self.close()

    async def close(self) -> None:
        """Free the timer and the sockets."""
        if self._timer is not None:
            self._timer.cancel()
        await self._transport.close()

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _leave(self) -> None:
        if self._session is not None:
            self._session.hang_up(self._now)
        if self._registration is not None:
            self._registration.end(self._now)
        self._advance()
        while self._session is not None and not self._session.settled:
            await self._wait()
        one = self._registration
        while one is not None and one.state is RegistrationState.REGISTERED:
            await self._wait()

    async def _wait(self) -> None:
        self._progress.clear()
        await self._progress.wait()

    def _advance(self) -> None:
        """Send what is to be sent, handle what happened, and set the next timer."""
        self._flush()
        if self._session is not None:
            for event in self._session.take_events():
                self._handle(event)
            if self._session.refreshes != self._refreshes:
                self._refreshes = self._session.refreshes
                log.info("session refreshed, %d times by now", self._refreshes)
        self._flush()
        if self._session is not None and self._session.over and self._session.settled:
            self._transport.let_go()
        if self._timer is not None:
            self._timer.cancel()
        times = [one.next_timer() for one in (self._session, self._registration) if one is not None]
        due = min((at for at in times if at is not None), default=None)
        self._timer = None
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._on_timer)
        self._progress.set()

    def _flush(self) -> None:
        for one in (self._registration, self._session):
            for message in one.outgoing() if one is not None else []:
                self._transport.send(message)

    def _on_timer(self) -> None:
        for one in (self._session, self._registration):
            if one is not None:
                one.on_timer(self._now)
        self._advance()

    def _receive(self, message: Request | Response) -> None:
        self.heard = True
        one = self._registration
        if one is not None and message.call_id == one.call_id:
            one.receive(message, self._now)
        elif self._session is not None:
            self._session.receive(message, self._now)
        self._advance()

    def _receive_unreadable(self, data: bytes, why: str) -> None:
        self.heard = True
        if self._session is not None:
            self._session.receive_unreadable(data, why, self._now)
            self._advance()

    def _moved(self, local: Local) -> None:
        for one in (self._session, self._registration):
            if one is not None:
                one.moved(local, self._now)
        self._advance()

    def _lost(self, why: str) -> None:
        log.info("sip ← %s", why)
        for one in (self._session, self._registration):
            if one is not None:
                one.lost(self._now)
        self._advance()
