"""The requests of ours in a call, and what the far end's answers to them mean."""

import random
from dataclasses import dataclass
from enum import StrEnum

from sipmessage import URI, Address, CSeq, Request, Response

from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.events import (
    Answered,
    Established,
    Failed,
    OfferRefused,
    Progress,
)
from appliance.dialers.sip.signalling.message import carry, number, request, sdp_of, tag_of, tokens
from appliance.dialers.sip.signalling.session import Session
from appliance.dialers.sip.signalling.transactions import MOST_FORKS

MOST_PRACKS = 32
"""Reliable provisional answers of one far end; one that has more to say is not acknowledged."""


class Purpose(StrEnum):
    """What a request of ours is for."""

    CALL = "call"
    OFFER = "offer"
    REFRESH = "refresh"
    INFORM = "inform"
    LEAVE = "leave"


@dataclass(slots=True)
class _Open:
    """A request that waits for its final answer."""

    request: Request
    purpose: Purpose
    sdp: str = ""
    tries: int = 0


class Asking:
    """``chance`` gives numbers from 0 to 1 for the back-off after a 491."""

    def __init__(self, session: Session, chance: random.Random) -> None:
        self._session = session
        self._chance = chance
        self._open: list[_Open] = []
        self._early: dict[str, Dialog] = {}
        self._early_sdp = ""
        self._forks = 0  # far ends that answered beside the one that has the call
        self._leaving = False
        self._retry: tuple[float, Purpose, str] | None = None

    def call(self, target: URI, routes: list[Address], call_id: str, sdp: str, now: float) -> None:
        """INVITE ``target`` by way of ``routes``."""
        session = self._session
        invite = request("INVITE", target, session.near, Address(target), call_id, 1)
        if routes:
            invite.route = routes
        session.timer.ask(invite, first=True)
        session.near_sdp = sdp
        session.dress(invite, sdp)
        self._send(_Open(invite, Purpose.CALL, sdp), now)

    def offer(self, sdp: str, now: float, purpose: Purpose = Purpose.OFFER) -> None:
        """Offer other media, or the same again; after an open one, and after a 491, in its turn."""
        session = self._session
        if session.dialog is None or session.over:
            return
        if session.offering:
            self._retry = (now + 1.0, purpose, sdp)
            return
        bare = purpose is Purpose.REFRESH and session.far_updates
        one = session.dialog.request("UPDATE" if bare else "INVITE")
        session.timer.ask(one, first=False)
        session.dress(one, "" if bare else sdp)
        session.offering = not bare
        self._send(_Open(one, purpose, "" if bare else sdp), now)

    def inform(self, kind: str, body: str, now: float) -> None:
        """Send an INFO."""
        if self._session.dialog is not None and not self._session.over:
            one = self._session.dialog.request("INFO")
            carry(one, body, kind)
            self._send(_Open(one, Purpose.INFORM), now)

    def leave(self, now: float, reason: str = "") -> None:
        """CANCEL or BYE, whichever fits; safe to say twice."""
        if self._leaving:
            return
        self._leaving = True
        calling = next((one for one in self._open if one.purpose is Purpose.CALL), None)
        if calling is not None:
            self._session.transactions.cancel(calling.request, now)
        elif self._session.dialog is not None and not self._session.over:
            self._bye(self._session.dialog, now, reason)
        self._session.finish()

    @property
    def busy(self) -> bool:
        """Whether an answer is still awaited that somebody should wait for."""
        return any(one.purpose in (Purpose.CALL, Purpose.LEAVE) for one in self._open)

    def next_timer(self) -> float | None:
        """When ``on_timer`` is due."""
        return None if self._retry is None else self._retry[0]

    def on_timer(self, now: float) -> None:
        """Offer again what collided."""
        if self._retry is not None and now >= self._retry[0]:
            (_, purpose, sdp), self._retry = self._retry, None
            self.offer(sdp, now, purpose)

    def replied(self, asked: Request, answer: Response, now: float) -> None:
        """An answer to a request of ours."""
        one = next((one for one in self._open if one.request is asked), None)
        if one is None:
            if asked.method == "INVITE" and 200 <= answer.code < 300:
                self._forked(asked, answer, now)
            return
        if answer.code < 200:
            if one.purpose is Purpose.CALL:
                self._progress(asked, answer, now)
            return
        self._open.remove(one)
        if one.purpose in (Purpose.OFFER, Purpose.REFRESH):
            self._session.offering = False
        if answer.code in (401, 407, 422) and self._again(one, answer, now):
            return
        if one.purpose is Purpose.CALL:
            self._called(one, answer, now)
        elif one.purpose in (Purpose.OFFER, Purpose.REFRESH):
            self._offered(one, answer, now)
        if one.purpose is not Purpose.CALL and answer.code in (408, 481):
            self._session.end(
                far=False, why=f"the far end no longer knows this call ({answer.code})"
            )

    def silent(self, asked: Request, now: float) -> None:
        """No answer to a request of ours."""
        one = next((one for one in self._open if one.request is asked), None)
        if one is None:
            return
        self._open.remove(one)
        if one.purpose is Purpose.CALL:
            self._session.finish()
            self._session.say(Failed(None))
        elif one.purpose is not Purpose.LEAVE and not self._session.over:
            self.leave(now)
            self._session.over = False
            self._session.end(far=False, why=f"no answer to {asked.method}")

    def _send(self, one: _Open, now: float) -> None:
        self._session.authenticator.authorise(one.request)
        self._open.append(one)
        self._session.transactions.send(one.request, now)

    def _again(self, one: _Open, answer: Response, now: float) -> bool:
        """Ask once more with what the answer wants."""
        session = self._session
        if session.over and one.purpose is not Purpose.LEAVE:
            return False
        if answer.code == 422:
            useful = session.timer.too_small(answer)
        else:
            useful = session.authenticator.challenged(answer, one.tries)
        if not useful:
            return False
        old = one.request
        new = Request(old.method, old.uri, old.body)
        for name in old.headers.keys():  # noqa: SIM118 - sipmessage's headers are no mapping
            new.headers.setlist(name, list(old.headers.getlist(name)))
        sequence = old.cseq.sequence + 1
        if session.dialog is not None:
            session.dialog.cseq += 1
            sequence = session.dialog.cseq
        new.cseq = CSeq(sequence, old.method)
        if answer.code == 422:
            session.timer.ask(new, first=one.purpose is Purpose.CALL)
        session.offering = old.method == "INVITE" and one.purpose is not Purpose.CALL
        self._early.clear()
        self._send(_Open(new, one.purpose, one.sdp, one.tries + 1), now)
        return True

    def _progress(self, invite: Request, answer: Response, now: float) -> None:
        tag = tag_of(answer.to_address)
        if answer.code == 100 or not tag or self._leaving:
            return
        if tag not in self._early and len(self._early) < MOST_FORKS:
            self._early[tag] = Dialog.of_client(invite, answer)
        dialog, rseq = self._early.get(tag), number(answer, "RSeq")
        sdp = sdp_of(answer)
        if dialog is not None and rseq is not None and "100rel" in tokens(answer, "Require"):
            if rseq in dialog.prack or len(dialog.prack) >= MOST_PRACKS:
                return
            dialog.prack.add(rseq)
            prack = dialog.request("PRACK")  # RFC 3262 section 4
            prack.headers.set("RAck", f"{rseq} {invite.cseq}")
            self._send(_Open(prack, Purpose.INFORM), now)
            self._early_sdp = sdp or self._early_sdp
        self._session.say(Progress(answer.code, sdp))

    def _called(self, one: _Open, answer: Response, now: float) -> None:
        session = self._session
        if answer.code >= 300:
            session.finish()
            session.say(Failed(answer))
            return
        dialog = self._confirmed(one.request, answer)
        self._early.clear()
        session.dialog = dialog
        session.heard(answer)
        if self._leaving:
            # The 200 crossed our CANCEL: there is a call after all, and it has to be ended.
            self._bye(dialog, now)
            return
        session.timer.agreed(answer, now)
        session.far_sdp = sdp_of(answer) or self._early_sdp
        session.say(Established(session.far_sdp))

    def _confirmed(self, invite: Request, answer: Response) -> Dialog:
        dialog = self._early.pop(tag_of(answer.to_address), None)
        if dialog is None:
            dialog = Dialog.of_client(invite, answer)
        else:
            dialog.confirm(answer)
        self._acknowledge(dialog, invite)
        return dialog

    def _acknowledge(self, dialog: Dialog, invite: Request) -> None:
        ack = dialog.ack(invite.cseq.sequence)
        for name in ("Authorization", "Proxy-Authorization"):  # RFC 3261 section 22.1
            if invite.headers.getlist(name):
                ack.headers.setlist(name, list(invite.headers.getlist(name)))
        self._session.transactions.acknowledge(invite, ack)

    def _forked(self, invite: Request, answer: Response, now: float) -> None:
        """A second far end answers the same INVITE: one is enough (13.2.2.4)."""
        mine = self._session.dialog
        self._forks += 1
        if self._forks > MOST_FORKS:
            return
        if mine is None or tag_of(mine.far) != tag_of(answer.to_address):
            self._bye(self._confirmed(invite, answer), now)

    def _offered(self, one: _Open, answer: Response, now: float) -> None:
        session = self._session
        if answer.code == 491:
            # RFC 3261 section 14.1: who made the Call-ID waits longer.
            least, spread = (2.1, 1.9) if session.caller else (0.0, 2.0)
            sdp = one.sdp or session.near_sdp
            self._retry = (now + least + spread * self._chance.random(), one.purpose, sdp)
            return
        if answer.code >= 300:
            if one.purpose is Purpose.OFFER:
                session.say(OfferRefused(answer.code))
            return
        if session.dialog is None:
            return
        session.dialog.refresh(answer)
        session.heard(answer)
        if one.request.method == "INVITE":
            self._acknowledge(session.dialog, one.request)
        session.timer.agreed(answer, now)
        sdp = sdp_of(answer)
        if one.sdp:
            session.near_sdp = one.sdp
        if sdp and (sdp != session.far_sdp or one.purpose is Purpose.OFFER):
            session.far_sdp = sdp
            session.say(Answered(sdp))

    def _bye(self, dialog: Dialog, now: float, reason: str = "") -> None:
        bye = dialog.request("BYE")
        if reason:
            bye.headers.set("Reason", reason)
        self._send(_Open(bye, Purpose.LEAVE), now)
