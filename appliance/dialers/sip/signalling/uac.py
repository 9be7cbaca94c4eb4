"""The client side of an INVITE session: builds our requests, and reads the far end's answers.

Only pure functions and values: `InviteSession` keeps the state and sends what is built here.
"""

import random
from dataclasses import dataclass
from enum import StrEnum

from sipmessage import URI, Address, CSeq, Request, Response

from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.digest import Authenticator
from appliance.dialers.sip.signalling.message import carry, describe, number, request, tokens
from appliance.dialers.sip.signalling.session_timer import SessionTimer


class Purpose(StrEnum):
    """What a request of ours is for."""

    CALL = "call"
    OFFER = "offer"
    REFRESH = "refresh"
    INFO = "info"  # INFO and PRACK: a refusal changes nothing
    PROBE = "probe"  # asks for a sign of life
    HANG_UP = "hang up"


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request of ours until its final answer.

    ``sdp`` is the offer in it, ``tries`` how often it was sent before with other headers.
    """

    request: Request
    purpose: Purpose
    sdp: str = ""
    tries: int = 0

    @property
    def for_media(self) -> bool:
        """Whether it is about the media of a call that is up."""
        return self.purpose in (Purpose.OFFER, Purpose.REFRESH)

    @property
    def reinvites(self) -> bool:
        """Whether no other offer may be made until it is answered."""
        return self.for_media and self.request.method == "INVITE"

    @property
    def begins_or_ends(self) -> bool:
        """Whether the call begins or ends with its answer."""
        return self.purpose in (Purpose.CALL, Purpose.HANG_UP)


def invite(
    target: URI,
    near: Address,
    contact: Address,
    routes: list[Address],
    call_id: str,
    sdp: str,
    timer: SessionTimer,
) -> PendingRequest:
    """The INVITE of a new call to ``target``, along ``routes``."""
    one = request("INVITE", target, near, Address(target), call_id, 1)
    if routes:
        one.route = routes
    timer.ask(one, first=True)
    describe(one, contact, sdp)
    return PendingRequest(one, Purpose.CALL, sdp)


def offer(
    dialog: Dialog, contact: Address, sdp: str, timer: SessionTimer, purpose: Purpose
) -> PendingRequest:
    """A re-INVITE with the offer ``sdp``; to refresh, an UPDATE without, where that is taken."""
    by_update = purpose is Purpose.REFRESH and dialog.takes_update
    one = dialog.request("UPDATE" if by_update else "INVITE")
    timer.ask(one, first=False)
    sdp = "" if by_update else sdp
    describe(one, contact, sdp)
    return PendingRequest(one, purpose, sdp)


def info(dialog: Dialog, kind: str, body: str) -> PendingRequest:
    """An INFO with a body of the media type ``kind``."""
    one = dialog.request("INFO")
    carry(one, body, kind)
    return PendingRequest(one, Purpose.INFO)


def probe(dialog: Dialog) -> PendingRequest:
    """An OPTIONS: whoever knows the call answers it (RFC 3261 section 11)."""
    return PendingRequest(dialog.request("OPTIONS"), Purpose.PROBE)


def prack(dialog: Dialog, call: Request, rseq: int) -> PendingRequest:
    """The PRACK to the reliable provisional answer ``rseq`` to our INVITE (RFC 3262 section 4)."""
    one = dialog.request("PRACK")
    one.headers.set("RAck", f"{rseq} {call.cseq}")
    return PendingRequest(one, Purpose.INFO)


def bye(dialog: Dialog, reason: str = "") -> PendingRequest:
    """A BYE; ``reason`` is its Reason header (RFC 3326), "" for none."""
    one = dialog.request("BYE")
    if reason:
        one.headers.set("Reason", reason)
    return PendingRequest(one, Purpose.HANG_UP)


def ack(dialog: Dialog, accepted: Request) -> Request:
    """The ACK to a 2xx, with the credentials of the INVITE (RFC 3261 section 22.1)."""
    one = dialog.ack(accepted.cseq.sequence)
    for name in ("Authorization", "Proxy-Authorization"):
        if accepted.headers.getlist(name):
            one.headers.setlist(name, list(accepted.headers.getlist(name)))
    return one


def again(
    old: PendingRequest,
    answer: Response,
    dialog: Dialog | None,
    timer: SessionTimer,
    authenticator: Authenticator,
) -> PendingRequest | None:
    """The request once more, with the credentials or the longer interval that ``answer`` asks for.

    None where that is of no use. The answer is a 401, 407 or 422.
    """
    before, too_small = old.request, answer.code == 422
    useful = timer.too_small(answer) if too_small else authenticator.challenged(answer, old.tries)
    if not useful:
        return None
    one = Request(before.method, before.uri, before.body)
    for name in before.headers.keys():  # noqa: SIM118 - sipmessage's headers are no mapping
        one.headers.setlist(name, list(before.headers.getlist(name)))
    cseq = before.cseq.sequence + 1 if dialog is None else dialog.next_cseq()
    one.cseq = CSeq(cseq, before.method)
    if too_small:
        timer.ask(one, first=old.purpose is Purpose.CALL)
    return PendingRequest(one, old.purpose, old.sdp, old.tries + 1)


def reliable_sequence(answer: Response) -> int | None:
    """The RSeq of a provisional answer that wants a PRACK (RFC 3262 section 4), else None."""
    return number(answer, "RSeq") if "100rel" in tokens(answer, "Require") else None


def collision_delay_s(*, caller: bool, rng: random.Random) -> float:
    """How long to wait after a 491: whoever made the Call-ID waits longer (RFC 3261 14.1)."""
    least, spread = (2.1, 1.9) if caller else (0.0, 2.0)
    return least + spread * rng.random()
