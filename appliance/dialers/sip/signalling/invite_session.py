"""One INVITE session without I/O: messages and times in, messages and events out.

`InviteSession` owns the whole state of a call's signalling. `uac` builds its requests, `uas`
decides what comes of the far end's; both keep nothing.
"""

import random
import secrets
from collections import deque
from typing import assert_never

from sipmessage import URI, Address, Message, Request, Response

from appliance.dialers.sip.signalling import events, transactions, uac, uas
from appliance.dialers.sip.signalling.dialog import Dialog, EarlyDialogs
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import Local, new_tag, sdp_of, tag_of, tagged
from appliance.dialers.sip.signalling.session_timer import Due, SessionTimer
from appliance.dialers.sip.signalling.uac import DelayedOffer, PendingRequest, Purpose

MAX_EVENTS = 256
"""Events that are kept for a user who does not fetch them; the oldest are dropped."""
OFFER_RETRY_S = 1.0
"""How soon an offer is tried again that found another one of ours open."""


class InviteSession:
    """The signalling of one call: ours (`call`), or one that comes (`Incoming`).

    Methods only queue: fetch what is to be sent with `outgoing`, and what happened with
    `take_events`. ``now`` is any clock in seconds that never goes back. ``local`` is our end of
    the socket, ``near`` our address without a tag. ``accepts_calls`` is False for a site, which
    only calls; ``rng`` spreads the retries after a collision. ``over`` is whether the call has
    ended, or none came about.
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
        self._transactions = transactions.Transactions(local)
        self._authenticator = authenticator or Authenticator()
        self._timer = timer or SessionTimer()
        self._rng = rng or random.Random()  # noqa: S311 - a back-off
        self._near, self._tag = tagged(near, new_tag()), new_tag()
        self._events: deque[events.SessionEvent] = deque(maxlen=MAX_EVENTS)
        # The call.
        self._free = accepts_calls  # for a call that comes
        self._caller = True  # we made the Call-ID
        self._dialog: Dialog | None = None
        self._near_sdp = self._far_sdp = ""  # last agreed, or last sent
        self._leaving = False  # CANCEL or BYE was sent, or there was nothing to end
        # Our requests.
        self._pending: list[PendingRequest] = []
        self._early = EarlyDialogs()
        self._forks = 0  # far ends that answered beside the one that has the call
        self._offering = False  # a re-INVITE is open
        self._delayed: DelayedOffer | None = None
        # The far end's requests.
        self._unanswered: Request | None = None  # an INVITE or UPDATE that the user is asked about
        self._answer_due = False  # our 2xx held an offer; its answer comes with the ACK

    @property
    def settled(self) -> bool:
        """Whether nothing more has to be waited for after `hang_up`."""
        return not any(one.begins_or_ends for one in self._pending)

    @property
    def refreshes(self) -> int:
        """How often the session was refreshed (RFC 4028)."""
        return self._timer.refreshes

    def call(self, target: URI, sdp: str, now: float, routes: list[Address] | None = None) -> None:
        """INVITE ``target`` with our offer; Progress, then Established or Failed follow."""
        invite = uac.invite(
            target, self._near, self._contact, routes or [], self.call_id, sdp, self._timer
        )
        self._near_sdp = sdp
        self._send(invite, now)

    def offer(self, sdp: str, now: float, purpose: Purpose = Purpose.OFFER) -> None:
        """Re-INVITE with other media; AnswerReceived or OfferRefused follow."""
        if self._dialog is None or self.over:
            return
        if self._offering:
            self._delayed = DelayedOffer(now + OFFER_RETRY_S, purpose, sdp)
            return
        offer = uac.offer(self._dialog, self._contact, sdp, self._timer, purpose)
        self._offering = offer.reinvites
        self._send(offer, now)

    def inform(self, kind: str, body: str, now: float) -> None:
        """Send an INFO with a body of the media type ``kind``."""
        if self._dialog is not None and not self.over:
            self._send(uac.info(self._dialog, kind, body), now)

    def ring(self, now: float, code: int = 180) -> None:
        """Send a provisional answer to an Incoming call."""
        request = self._unanswered
        if request is not None and uas.begins_call(request):
            ringing = uas.ringing(request, code, self._tag, self._contact)
            self._transactions.answer(request, ringing, now)

    def answer(self, sdp: str, now: float) -> None:
        """Accept the call or offer that came: with our answer, or our offer where it has none."""
        request, self._unanswered = self._unanswered, None
        if request is None:
            return
        accepted = uas.acceptance(request, self._tag, self._contact, sdp, self._timer, now)
        offered = sdp_of(request)
        self._answer_due = bool(sdp) and not offered
        self._near_sdp, self._far_sdp = sdp or self._near_sdp, offered or self._far_sdp
        self._transactions.answer(request, accepted, now)

    def refuse(self, code: int, now: float, headers: dict[str, str] | None = None) -> None:
        """Refuse the call or offer that came."""
        request, self._unanswered = self._unanswered, None
        if request is None:
            return
        if uas.begins_call(request):
            self._finish()
            self._dialog = None
        refused = uas.rejection(request, code, self._tag, headers or {})
        self._transactions.answer(request, refused, now)

    def hang_up(self, now: float, reason: str = "") -> None:
        """Refuse, CANCEL or BYE; safe to call twice. ``reason`` is a Reason header (RFC 3326)."""
        self.refuse(480, now)
        self._leave(now, reason, bye=not self.over)

    def receive(self, message: Request | Response, now: float) -> None:
        """Take a message of the far end."""
        self._handle(self._transactions.receive(message, now), now)

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
        delayed = self._delayed.at if self._delayed is not None else None
        times = (self._transactions.next_timer(), delayed, self._timer.next_timer())
        return min((at for at in times if at is not None), default=None)

    def on_timer(self, now: float) -> None:
        """Do what is due by now: repeat, give up, offer again, refresh, end the session."""
        self._handle(self._transactions.on_timer(now), now)
        if self._delayed is not None and now >= self._delayed.at:
            delayed, self._delayed = self._delayed, None
            self.offer(delayed.sdp, now, delayed.purpose)
        due = self._timer.due(now)
        if due is Due.REFRESH:
            self.offer(self._near_sdp, now, Purpose.REFRESH)
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

    # How the session ends.
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
        calling = next((one for one in self._pending if one.purpose is Purpose.CALL), None)
        if calling is not None:
            self._transactions.cancel(calling.request, now)
        elif bye and self._dialog is not None:
            self._send(uac.bye(self._dialog, reason), now)
        self._finish()

    # Our requests.
    @property
    def _contact(self) -> Address:
        return self._transactions.local.contact(self._near.uri.user or "")

    def _send(self, one: PendingRequest, now: float) -> None:
        self._authenticator.authorise(one.request)
        self._pending.append(one)
        self._transactions.send(one.request, now)

    def _send_again(self, one: PendingRequest, answer: Response, now: float) -> bool:
        """Send a request again with what the answer asks for; False where that is of no use."""
        if self.over and one.purpose is not Purpose.HANG_UP:
            return False
        again = uac.again(one, answer, self._dialog, self._timer, self._authenticator)
        if again is None:
            return False
        self._offering = again.reinvites
        self._early.clear()
        self._send(again, now)
        return True

    # The far end's answers.
    def _answered(self, request: Request, answer: Response, now: float) -> None:
        one = uac.pending_of(request, self._pending)
        if one is None:
            if request.method == "INVITE" and 200 <= answer.code < 300:
                self._fork_answered(request, answer, now)
            return
        if answer.code < 200:
            if one.purpose is Purpose.CALL:
                self._progressed(request, answer, now)
            return
        self._pending.remove(one)
        if one.for_media:
            self._offering = False
        if answer.code in (401, 407, 422) and self._send_again(one, answer, now):
            return
        if one.purpose is Purpose.CALL:
            self._call_answered(request, answer, now)
            return
        if one.for_media:
            self._offer_answered(one, answer, now)
        if answer.code in (408, 481):
            self._end(f"the far end no longer knows this call ({answer.code})")

    def _timed_out(self, request: Request, now: float) -> None:
        one = uac.pending_of(request, self._pending)
        if one is None:
            return
        self._pending.remove(one)
        if one.purpose is Purpose.CALL:
            self._finish()
            self._events.append(events.Failed(None))
        elif one.purpose is not Purpose.HANG_UP and not self.over:
            self._break_off(f"no answer to {request.method}", now)

    def _progressed(self, invite: Request, answer: Response, now: float) -> None:
        if answer.code == 100 or not tag_of(answer.to_address) or self._leaving:
            return
        dialog, rseq = self._early.ringing(invite, answer), uac.reliable_sequence(answer)
        if dialog is not None and rseq is not None:
            if not dialog.note_reliable(rseq):
                return
            self._send(uac.prack(dialog, invite, rseq), now)
            self._early.sdp = sdp_of(answer) or self._early.sdp
        self._events.append(events.Progress(answer.code, sdp_of(answer)))

    def _call_answered(self, invite: Request, answer: Response, now: float) -> None:
        if answer.code >= 300:
            self._finish()
            self._events.append(events.Failed(answer))
            return
        self._dialog = self._confirm(invite, answer)
        self._early.clear()
        if self._leaving:
            # The 200 crossed our CANCEL: there is a call after all, and it has to be ended.
            self._send(uac.bye(self._dialog), now)
            return
        self._timer.agreed(answer, now)
        self._far_sdp = sdp_of(answer) or self._early.sdp
        self._events.append(events.Established(self._far_sdp))

    def _fork_answered(self, invite: Request, answer: Response, now: float) -> None:
        """A second far end answers the same INVITE: one is enough (RFC 3261 13.2.2.4)."""
        self._forks += 1
        another = self._dialog is None or tag_of(self._dialog.far) != tag_of(answer.to_address)
        if another and self._forks <= transactions.MAX_FORKS:
            self._send(uac.bye(self._confirm(invite, answer)), now)

    def _confirm(self, invite: Request, answer: Response) -> Dialog:
        dialog = self._early.confirmed(invite, answer)
        self._transactions.acknowledge(invite, uac.ack(dialog, invite))
        return dialog

    def _offer_answered(self, one: PendingRequest, answer: Response, now: float) -> None:
        if answer.code == 491:
            at = now + uac.collision_delay_s(caller=self._caller, rng=self._rng)
            self._delayed = DelayedOffer(at, one.purpose, one.sdp or self._near_sdp)
            return
        if answer.code >= 300:
            if one.purpose is Purpose.OFFER:
                self._events.append(events.OfferRefused(answer.code))
            return
        if self._dialog is None:
            return
        self._dialog.refresh(answer)
        if one.request.method == "INVITE":
            self._transactions.acknowledge(one.request, uac.ack(self._dialog, one.request))
        self._timer.agreed(answer, now)
        sdp = sdp_of(answer)
        self._near_sdp = one.sdp or self._near_sdp
        if sdp and (sdp != self._far_sdp or one.purpose is Purpose.OFFER):
            self._far_sdp = sdp
            self._events.append(events.AnswerReceived(sdp))

    # The far end's requests.
    def _requested(self, request: Request, now: float) -> None:
        dialog = self._dialog
        standing = uas.Standing(
            self._tag,
            dialog if dialog is not None and dialog.holds(request) else None,
            self._timer,
            free=self._free and dialog is None and not self.over,
            offering=self._offering,
            unanswered=self._unanswered is not None or self._answer_due,
        )
        match uas.decide(request, standing):
            case uas.Reply(answer, event):
                self._transactions.answer(request, answer, now)
                if event is not None:
                    self._events.append(event)
            case uas.TakeCall():
                self._dialog = Dialog.of_server(request, self._tag)
                self._near, self._caller = tagged(request.to_address, self._tag), False
                self._unanswered = request
                self._events.append(events.Incoming(request, sdp_of(request)))
            case uas.TakeOffer():
                self._offered(request, now)
            case uas.TakeBye(answer, why):
                self._transactions.answer(request, answer, now)
                self._withdraw(now)
                self._end(why, far=True)
            case never:
                assert_never(never)

    def _offered(self, request: Request, now: float) -> None:
        if self._dialog is not None:
            self._dialog.refresh(request)
        self._unanswered = request
        sdp = sdp_of(request)
        if request.method == "UPDATE" and not sdp:
            self.answer("", now)
        elif sdp and sdp == self._far_sdp and self._near_sdp:
            # Nothing is new: a refresh. It gets the same answer, and the user is not asked.
            self.answer(self._near_sdp, now)
        else:
            self._events.append(events.OfferReceived(sdp))

    def _cancelled(self, request: Request, now: float) -> None:
        self._withdraw(now)
        if uas.begins_call(request):
            self._end("the far end gave up calling", far=True)

    def _withdraw(self, now: float) -> None:
        """Answer what is unanswered, since the far end has taken it back."""
        request, self._unanswered = self._unanswered, None
        if request is not None:
            self._transactions.answer(request, uas.rejection(request, 487, self._tag, {}), now)

    def _acknowledged(self, ack: Request) -> None:
        sdp = sdp_of(ack)
        if self._dialog is not None and not self._dialog.confirmed:
            self._dialog.confirmed = True
            self._far_sdp = sdp or self._far_sdp
            self._events.append(events.Established(self._far_sdp))
        elif self._answer_due and sdp:
            self._far_sdp = sdp
            self._events.append(events.AnswerReceived(sdp))
        self._answer_due = False
