"""Turns a refusal or a timeout into a DialError: the reason and one sentence."""

from sipmessage import Address, Response

from appliance.dialers.api import DialError, DialersError, EndReason
from appliance.dialers.sip.signalling.received.header_values import contacts

_REASONS = {
    401: EndReason.UNAUTHORISED,
    403: EndReason.FORBIDDEN,  # "authorization will not help" (RFC 3261 section 21.4.4)
    407: EndReason.UNAUTHORISED,
    408: EndReason.UNREACHABLE,
    486: EndReason.BUSY,
    500: EndReason.UNREACHABLE,
    502: EndReason.UNREACHABLE,
    503: EndReason.UNREACHABLE,
    504: EndReason.UNREACHABLE,
    600: EndReason.BUSY,
}
_WORDS = {
    401: "the server wants another name or password, or one at all",
    403: "the server does not let this site in: {room} is not open, or not for it",
    404: "the server knows no conference {room}",
    407: "the proxy wants another name or password, or one at all",
    408: "{room} did not answer in time",
    410: "there is no conference {room} any more",
    480: "{room} cannot be reached just now: not open yet, or without a moderator",
    484: "the number {room} is not complete",
    486: "{room} is busy, or full",
    488: "the server takes none of our media: codecs, or encryption wanted or refused",
    503: "the server is overloaded or being restarted",
    600: "{room} is busy, or full",
    603: "{room} declined the call",
    606: "the server takes none of our media: codecs, or encryption wanted or refused",
}


def refused(
    answer: Response | None, room: str, waited: float, *, unproven: bool = False
) -> DialError:
    """The error of an INVITE or REGISTER that was refused, or never answered (None).

    ``waited`` is in seconds; ``unproven`` is whether the server has not yet shown that it takes our
    password. FreeSWITCH and others answer a wrong one by 403 instead of another challenge, and an
    account must not be locked by tries that come as often as those of a room that is not open.
    """
    if answer is None:
        return DialError(EndReason.UNREACHABLE, f"no answer from {room} within {waited:.0f} s")
    reason = _REASONS.get(answer.code, EndReason.REFUSED)
    if unproven and answer.code == 403:
        words = "the server does not let this site in: a wrong name or password, or not its room"
        return DialError(EndReason.UNAUTHORISED, f"{words} (403)")
    phrase = "".join(letter for letter in answer.phrase[:80] if letter.isprintable())
    words = _WORDS.get(answer.code, "the server refuses the call")
    return DialError(reason, f"{words.format(room=room)} ({answer.code} {phrase})")


class UnansweredError(DialersError):
    """A server did not answer, or does not serve: another one may. ``reason`` is for people."""

    def __init__(self, reason: DialError) -> None:
        super().__init__(reason.detail)
        self.reason = reason


class RedirectedError(DialersError):
    """The server names another address to call: ``contacts``, the one that it prefers first."""

    def __init__(self, answer: Response) -> None:
        super().__init__(f"called elsewhere ({answer.code})")
        ranked = sorted(contacts(answer), key=_preference, reverse=True)
        self.contacts = [one.uri for one in ranked if one.uri.scheme in ("sip", "sips")]


def _preference(contact: Address) -> float:
    """The q of a Contact (RFC 3261 section 20.10)."""
    try:
        return min(max(float(contact.parameters.get("q") or 1.0), 0.0), 1.0)
    except ValueError:
        return 1.0
