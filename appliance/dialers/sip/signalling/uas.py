"""The server side of an INVITE session: decides what comes of the far end's requests.

Only pure functions and values: `InviteSession` keeps the state and does what is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sipmessage import Address, Request, Response

from appliance.dialers.sip.signalling.dialog import Dialog
from appliance.dialers.sip.signalling.events import Info
from appliance.dialers.sip.signalling.message import (
    describe,
    kind_of,
    part_of,
    response,
    sdp_of,
)
from appliance.dialers.sip.signalling.received.header_values import printable, read_address, to_tag
from appliance.dialers.sip.signalling.request_policy import INFO_KINDS, options, refusal
from appliance.dialers.sip.signalling.session_timer import SessionTimer

OFFER_RETRY_S = 2
"""After so long an offer may come again that met another one (RFC 3261 section 14.2)."""
MAX_REASON = 120
"""Characters of a far end's Reason header that go into a log."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Send ``answer``, and tell the user of ``event`` where there is one."""

    answer: Response
    event: Info | None = None


@dataclass(frozen=True, slots=True)
class TakeCall:
    """A new call comes in."""


@dataclass(frozen=True, slots=True)
class TakeOffer:
    """The far end offers media in the call, or asks for our offer."""


@dataclass(frozen=True, slots=True)
class TakeBye:
    """Send ``answer``: the far end has hung up, ``why`` in words or ""."""

    answer: Response
    why: str


Decision = Reply | TakeCall | TakeOffer | TakeBye


@dataclass(frozen=True, slots=True)
class Standing:
    """How the session stands when a request comes.

    ``tag`` is ours, ``dialog`` the one that the request belongs to. ``free`` is whether a new call
    is taken; ``offering`` whether an offer of ours is open, ``unanswered`` whether the far end's.
    """

    tag: str
    dialog: Dialog | None
    timer: SessionTimer
    free: bool
    offering: bool
    unanswered: bool


def decide(request: Request, standing: Standing) -> Decision:
    """What is to be done with a request; notes its CSeq in the dialog."""
    tag, dialog = standing.tag, standing.dialog
    refused = refusal(request, tag, in_dialog=dialog is not None)
    in_order = dialog is None or dialog.in_order(request)
    if refused is None and not in_order and request.method != "BYE":
        refused = response(request, 500, tag)
    if refused is not None:
        return Reply(refused)
    match request.method:
        case "INVITE" | "UPDATE":
            return _decide_offer(request, standing)
        case "BYE":
            reason = printable(request.headers.get("Reason") or "")[:MAX_REASON]
            why = f"the far end hung up: {reason}" if reason else ""
            return TakeBye(response(request, 200, tag), why)
        case "OPTIONS":
            return Reply(options(request, tag))
        case "INFO":
            kind, body = part_of(request, INFO_KINDS) or (kind_of(request), request.body)
            return Reply(response(request, 200, tag), Info(kind, body.decode("utf-8", "replace")))
        case _:  # PRACK: none of our provisional answers is a reliable one
            return Reply(response(request, 481, tag))


def _decide_offer(request: Request, standing: Standing) -> Decision:
    tag, timer = standing.tag, standing.timer
    if standing.dialog is None:
        if not standing.free:
            return Reply(response(request, 486, tag))
        if not _has_addresses(request):
            return Reply(response(request, 400, tag))
    elif standing.offering and (sdp_of(request) or request.method == "INVITE"):
        return Reply(response(request, 491, tag))
    elif standing.unanswered:
        later = response(request, 500, tag)
        later.headers.set("Retry-After", str(OFFER_RETRY_S))
        return Reply(later)
    if timer.refuses(request):
        too_small = response(request, 422, tag)
        too_small.headers.set("Min-SE", str(timer.least))
        return Reply(too_small)
    return TakeCall() if standing.dialog is None else TakeOffer()


def _has_addresses(request: Request) -> bool:
    """Whether both ends of a new call can be read."""
    try:
        read_address(request.headers["From"])
        read_address(request.headers["To"])
    except ValueError:
        return False
    return True


def begins_call(request: Request) -> bool:
    """Whether a request that was taken is the INVITE of a new call, not an offer in one."""
    return not to_tag(request)


def ringing(invite: Request, code: int, tag: str, contact: Address) -> Response:
    """A provisional answer."""
    one = response(invite, code, tag)
    describe(one, contact, "")
    return one


def acceptance(
    request: Request, tag: str, contact: Address, sdp: str, timer: SessionTimer, now: float
) -> Response:
    """The 200 to an INVITE or UPDATE; ``sdp`` is our answer, or our offer."""
    one = response(request, 200, tag)
    describe(one, contact, sdp)
    timer.answer(request, one, now)
    return one


def rejection(request: Request, code: int, tag: str, headers: Mapping[str, str]) -> Response:
    """The refusal of an INVITE or UPDATE, with more headers."""
    one = response(request, code, tag)
    for name, value in headers.items():
        one.headers.set(name, value)
    return one
