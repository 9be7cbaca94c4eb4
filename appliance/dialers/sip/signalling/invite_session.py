"""One INVITE session without I/O: messages and times in, messages and events out.

`InviteSession` is the call's state. `OutgoingCall` is a call of ours until it is up, `OwnRequests`
keeps our requests until their answers, `OwnOffers` makes our offers in it, and `MediaExchange` says
which count; `uac` builds our requests, `uas` decides what comes of the far end's.
"""

import random
import secrets
from collections import deque
from typing import assert_never

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling import events, transactions, uac, uas
from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import Local, new_tag, sdp_of, tagged
from appliance.dialers.sip.signalling.received.header_values import read_address
from appliance.dialers.sip.signalling.session.media_exchange import MediaExchange
from appliance.dialers.sip.signalling.session.outgoing_call import OutgoingCall
from appliance.dialers.sip.signalling.session.own_offers import OwnOffers
from appliance.dialers.sip.signalling.session.own_requests import OwnRequests
from appliance.dialers.sip.signalling.session_timer import Due, SessionTimer
from appliance.dialers.sip.signalling.uac import PendingRequest, Purpose

MAX_EVENTS = 256
"""Events that are kept for a user who does not fetch them; the oldest are dropped."""
_FORGOTTEN = "the far end no longer knows this call ({})"
_FROM_BETWEEN = frozenset({408, 480, 481, 502, 503, 504})
"""Answers that a server on the way gives for a far end that does not."""


class InviteSession:
    """The signalling of one call: ours (`call`), or one that comes (`Incoming`).

    Methods only queue: fetch what is to be sent with `outgoing`, and what happened with
    `take_events`. ``now`` is any clock in seconds that never goes back. ``local`` is our end of
    the socket, ``near`` our address without a tag. ``accepts_calls`` is False for a site, which
    only calls; ``rng`` spreads the retries after a collision. ``over`` is whether the call has
    ended, or none came about; ``heard_at`` when the far end last spoke in it.
    """

    def __init__(
        self,
        local: Local,
        near: Address,
        *,
        authenticator: Authenticator | None = None,
        accepts_calls: bool = False,
        timer: SessionTimer | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.call_id = secrets.token_hex(12)
        self.over = False
        self.heard_at = float("-inf")
        self._transactions = transactions.Transactions(local)
        self._timer = timer or SessionTimer()
        self._requests = OwnRequests(
            self._transactions, authenticator or Authenticator(), self._timer
        )
        self._near, self._tag = tagged(near, new_tag()), new_tag()
        self._events: deque[events.SessionEvent] = deque(maxlen=MAX_EVENTS)
        self._free = accepts_calls  # for a call that comes
        self._dialog: Dialog | None = None
        self._outgoing = OutgoingCall(self._transactions, self._requests)
        self._media = MediaExchange()
        self._offers = OwnOffers(
            self._transactions,
            self._requests,
            self._media,
            self._timer,
            rng or random.Random(),  # noqa: S311 - a back-off
        )
        self._leaving = False  # CANCEL or BYE was sent, or there was nothing to end

    @property
    def settled(self) -> bool:
        """Whether nothing more has to be waited for after `hang_up`."""
        return self._requests.settled

    @property
    def refreshes(self) -> int:
        """How often the session was refreshed (RFC 4028)."""
        return self._timer.refreshes

    def call(self, target: URI, sdp: str, now: float, routes: list[Address] | None = None) -> None:
        """INVITE ``target`` with our offer; Progress, then Established or Failed follow."""
        invite = uac.invite(
            target, self._near, self._contact, routes or [], self.call_id, sdp, self._timer
        )
        self._media.near = sdp
        self._requests.send(invite, now)

    def offer(self, sdp: str, now: float, purpose: Purpose = Purpose.OFFER) -> None:
        """Re-INVITE with other media; AnswerReceived or OfferRefused follow."""
        if self._dialog is not None and not self.over:
            self._offers.offer(self._dialog, self._contact, sdp, now, purpose)

    def inform(self, kind: str, body: str, now: float) -> None:
        """Send an INFO with a body of the media type ``kind``."""
        if self._dialog is not None and not self.over:
            self._requests.send(uac.info(self._dialog, kind, body), now)

    def probe(self, now: float) -> None:
        """Ask for a sign of life; its answer shows in ``heard_at``."""
        if self._dialog is not None and not self.over and not self._requests.probing:
            self._requests.send(uac.probe(self._dialog), now)

    def ring(self, now: float, code: int = 180) -> None:
        """Send a provisional answer to an Incoming call."""
        request = self._media.unanswered
        if request is not None and uas.begins_call(request):
            ringing = uas.ringing(request, code, self._tag, self._contact)
            self._transactions.answer(request, ringing, now)

    def answer(self, sdp: str, now: float) -> None:
        """Accept the call or offer that came: with our answer, or our offer where it has none."""
        request = self._media.take_request()
        if request is None:
            return
        accepted = uas.acceptance(request, self._tag, self._contact, sdp, self._timer, now)
        self._media.answered(request, sdp)
        if sdp:
            self._outgoing.early.note_settled(request)
        self._transactions.answer(request, accepted, now)

    def refuse(self, code: int, now: float, headers: dict[str, str] | None = None) -> None:
        """Refuse the call or offer that came."""
        request = self._media.take_request()
        if request is None:
            return
        if uas.begins_call(request):
            self._finish()
            self._dialog = None
        self._reject(request, code, now, headers)

    def hang_up(self, now: float, reason: str = "") -> None:
        """Refuse, CANCEL or BYE; safe to call twice. ``reason`` is a Reason header (RFC 3326)."""
        self.refuse(480, now)
        self._leave(now, reason, bye=not self.over)

    def receive(self, message: Request | Response, now: float) -> None:
        """Take a message of the far end."""
        self._handle(self._transactions.receive(message, now), now)

    def receive_unreadable(self, data: bytes, why: str, now: float) -> None:
        """Take what `message.parse` refused, for it may be the answer that we wait for.

        A 2xx to our call is acknowledged and ended: a call that only the far end knows of would
        stay there as a ghost.
        """
        found = self._requests.answered_by(data)
        if found is None:
            return
        one, answer = found
        if one.purpose is Purpose.CALL and answer.code < 300:
            self._outgoing.unusable = f"the far end's answer cannot be read: {why}"
        self.receive(answer, now)

    def moved(self, local: Local, now: float) -> None:
        """Go on from another socket of ours; the far end is told, since its requests come there."""
        self._transactions.moved(local)
        if not self._leaving:
            self.offer(self._media.near, now, Purpose.REFRESH)

    def lost(self, now: float) -> None:
        """End the session, since its connection is lost."""
        self._handle(self._transactions.abandon(), now)
        self._end("the connection to the server is lost")

    def outgoing(self) -> list[Message]:
        """What is to be sent now, in order; each is given once."""
        return self._transactions.outgoing()

    def take_events(self) -> list[events.SessionEvent]:
        """What happened since the last time."""
        happened = list(self._events)
        self._events.clear()
        return happened

    def next_timer(self) -> float | None:
        """When `on_timer` is due; None while nothing is."""
        delayed = self._media.delayed.at if self._media.delayed is not None else None
        times = (self._transactions.next_timer(), delayed, self._timer.next_timer())
        return min((at for at in times if at is not None), default=None)

    def on_timer(self, now: float) -> None:
        """Do what is due by now: repeat, give up, offer again, refresh, end the session."""
        self._handle(self._transactions.on_timer(now), now)
        delayed = self._media.take_delayed(now)
        if delayed is not None:
            self.offer(delayed.sdp, now, delayed.purpose)
        due = self._timer.due(now)
        if due is Due.REFRESH:
            self.offer(self._media.near, now, Purpose.REFRESH)
        elif due is Due.EXPIRED:
            self._break_off("the session was not refreshed in time", now)

    def _handle(self, happened: list[transactions.TransactionEvent], now: float) -> None:
        for event in happened:
            match event:
                case transactions.RequestReceived(request):
                    self._requested(request, now)
                case transactions.ResponseReceived(request, answer):
                    self._answered(request, answer, now)
                case transactions.TransactionTimeout(request):
                    self._timed_out(request, now)
                case transactions.CancelReceived(request):
                    self._cancelled(request, now)
                case transactions.AckReceived(_, ack):
                    self._acknowledged(ack)
                case transactions.AckTimeout():
                    self._break_off("our answer was never acknowledged", now)
                case _:
                    assert_never(event)

    def _note(self, event: events.SessionEvent | None) -> None:
        if event is not None:
            self._events.append(event)

    def _finish(self) -> None:
        self.over = True
        self._timer.stop()

    def _end(self, why: str, *, far: bool = False) -> None:
        if not self.over:
            self._finish()
            self._events.append(events.Ended(far, why))

    def _break_off(self, why: str, now: float) -> None:
        """End the session from here; the far end may still be there, so it gets a BYE."""
        self._end(why)
        self._leave(now, bye=True)

    def _leave(self, now: float, reason: str = "", *, bye: bool) -> None:
        """CANCEL our call, or hang up where ``bye`` allows it; only the first time."""
        if self._leaving:
            return
        self._leaving = True
        calling = self._requests.call
        if calling is not None:
            self._transactions.cancel(calling.request, now)
        elif bye and self._dialog is not None:
            self._requests.send(uac.bye(self._dialog, reason), now)
        self._finish()

    @property
    def _contact(self) -> Address:
        return self._transactions.local.contact(self._near.uri.user or "")

    def _answered(self, request: Request, answer: Response, now: float) -> None:
        one = self._requests.find(request)
        if one is None:
            if request.method == "INVITE" and 200 <= answer.code < 300:
                self._outgoing.fork_answered(request, answer, self._dialog, now)
            return
        if answer.code not in _FROM_BETWEEN:
            self.heard_at = now
        if answer.code < 200:
            if one.purpose is Purpose.CALL and not self._leaving:
                self._note(self._outgoing.progressed(request, answer, now))
            return
        self._requests.close(one)
        if answer.code in (401, 407, 422) and self._send_again(one, answer, now):
            return
        if one.purpose is Purpose.CALL:
            self._call_answered(request, answer, now)
        elif one.for_media:
            self._offer_answered(one, answer, now)
        elif answer.code == 481 and one.purpose is not Purpose.PROBE:
            self._end(_FORGOTTEN.format(answer.code))

    def _send_again(self, one: PendingRequest, answer: Response, now: float) -> bool:
        if self.over and one.purpose is not Purpose.HANG_UP:
            return False
        if one.purpose is Purpose.CALL:
            self._outgoing.early.clear()
        return self._requests.send_again(one, answer, self._dialog, now)

    def _timed_out(self, request: Request, now: float) -> None:
        one = self._requests.find(request)
        if one is None:
            return
        self._requests.close(one)
        if one.purpose is Purpose.CALL:
            self._finish()
            self._events.append(events.Failed(None))
        elif one.for_media and not one.reinvites:
            self._update_refused(one, now)
        elif one.for_media and not self.over:
            self._break_off(f"no answer to {request.method}", now)

    def _call_answered(self, invite: Request, answer: Response, now: float) -> None:
        if answer.code >= 300:
            self._finish()
            self._events.append(events.Failed(answer))
            return
        confirmed = self._outgoing.confirm(invite, answer)
        self._dialog = confirmed.dialog
        self._outgoing.early.clear()
        unusable = self._outgoing.unusable
        if self._leaving or unusable:
            # There is a call that nobody here wants (a 200 that crossed our CANCEL), or can use.
            self._leaving = True
            self._requests.send(uac.bye(self._dialog), now)
            if not self.over:
                self._finish()
                self._events.append(events.Failed(answer, unusable))
            return
        self._timer.agreed(answer, now)
        if not confirmed.agreed:
            self._media.far = confirmed.sdp
        self._events.append(events.Established(self._media.far, confirmed.agreed))

    def _offer_answered(self, one: PendingRequest, answer: Response, now: float) -> None:
        if answer.code >= 300 and answer.code != 491 and not one.reinvites:
            self._update_refused(one, now)
        elif answer.code in (408, 481):
            self._break_off(_FORGOTTEN.format(answer.code), now)
        elif self._dialog is not None:
            self._note(self._offers.answered(one, answer, self._dialog, now))

    def _update_refused(self, one: PendingRequest, now: float) -> None:
        if self._dialog is not None and not self.over:
            self._offers.update_refused(one, self._dialog, self._contact, now)

    def _requested(self, request: Request, now: float) -> None:
        dialog = self._dialog
        if dialog is None or not dialog.holds(request):
            dialog = self._outgoing.early.holding(request)
        standing = uas.Standing(
            self._tag,
            dialog,
            self._timer,
            free=self._free and self._dialog is None and not self.over,
            offering=self._outgoing.collides(request, dialog),
            unanswered=self._media.waits,
        )
        if dialog is not None:
            self.heard_at = now
        match uas.decide(request, standing):
            case uas.Reply(answer, event):
                self._transactions.answer(request, answer, now)
                self._note(event)
            case uas.TakeCall():
                self._dialog = Dialog.of_server(request, self._tag)
                self._near = tagged(read_address(request.headers["To"]), self._tag)
                self._offers.caller = False
                self._media.unanswered = request
                self._events.append(events.Incoming(request, sdp_of(request)))
            case uas.TakeOffer():
                self._offered(request, dialog, now)
            case uas.TakeBye(answer, why):
                self._transactions.answer(request, answer, now)
                self._withdraw(now)
                self._end(why, far=True)
                self._leave(now, bye=False)
            case never:
                assert_never(never)

    def _offered(self, request: Request, dialog: Dialog | None, now: float) -> None:
        if dialog is not None:
            dialog.refresh(request)
        self._media.unanswered = request
        sdp = sdp_of(request)
        if request.method == "UPDATE" and not sdp:
            self.answer("", now)
        elif self._media.known(sdp):
            # Nothing is new: a refresh. It gets the same answer, and the user is not asked.
            self.answer(self._media.near, now)
        else:
            self._events.append(events.OfferReceived(sdp))

    def _cancelled(self, request: Request, now: float) -> None:
        self._withdraw(now)
        if uas.begins_call(request):
            self._end("the far end gave up calling", far=True)

    def _withdraw(self, now: float) -> None:
        """Answer what is unanswered, since the far end has taken it back."""
        request = self._media.take_request()
        if request is not None:
            self._reject(request, 487, now)

    def _reject(
        self, request: Request, code: int, now: float, headers: dict[str, str] | None = None
    ) -> None:
        refused = uas.rejection(request, code, self._tag, headers or {})
        self._transactions.answer(request, refused, now)

    def _acknowledged(self, ack: Request) -> None:
        sdp = sdp_of(ack)
        event = self._media.acknowledged(sdp)
        if self._dialog is not None and not self._dialog.confirmed:
            self._dialog.confirmed = True
            self._media.far = sdp or self._media.far
            self._events.append(events.Established(self._media.far))
        else:
            self._note(event)
