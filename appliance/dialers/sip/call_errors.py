"""Turns a refusal, a timeout or a socket's error into a DialError: the reason and one sentence."""

import socket
import ssl

from sipmessage import Response

from appliance.dialers.api import DialError, EndReason

_REASONS = {
    401: EndReason.UNAUTHORISED,
    403: EndReason.UNAUTHORISED,
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
    403: "the server does not let this site in",
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


def refused(answer: Response | None, room: str, waited: float) -> DialError:
    """The error of an INVITE or REGISTER that was refused, or never answered (None).

    ``waited`` is in seconds.
    """
    if answer is None:
        return DialError(EndReason.UNREACHABLE, f"no answer from {room} within {waited:.0f} s")
    reason = _REASONS.get(answer.code, EndReason.REFUSED)
    phrase = "".join(letter for letter in answer.phrase[:80] if letter.isprintable())
    words = _WORDS.get(answer.code, "the server refuses the call")
    return DialError(reason, f"{words.format(room=room)} ({answer.code} {phrase})")


def unreachable(error: Exception, host: str) -> DialError:
    """The error of a socket that could not be opened to ``host``."""
    reason = EndReason.UNREACHABLE
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = EndReason.UNTRUSTED
        sentence = f"the certificate of {host} is not trusted: {error.verify_message or error}"
    elif isinstance(error, ssl.SSLError):
        sentence = f"{host} speaks no TLS that we do: {error.reason}"
    elif isinstance(error, TimeoutError):
        sentence = f"{host} does not answer in time"
    elif isinstance(error, socket.gaierror):
        sentence = f"no address is known for {host}"
    elif isinstance(error, ConnectionRefusedError):
        sentence = f"nothing listens at {host}"
    else:
        sentence = f"{host} cannot be reached: {error}"
    return DialError(reason, sentence)
