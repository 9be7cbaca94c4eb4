"""Turns a Janus server's refusal or a socket's error into a DialError: reason and sentence."""

from websockets.exceptions import InvalidStatus, WebSocketException

from appliance.dialers import connect_errors
from appliance.dialers.api import DialError, EndReason
from appliance.dialers.janus.session import Refused

# Codes of janus_videoroom.c and of apierror.h.
_BY_CODE = {
    426: EndReason.REFUSED,  # no such room
    428: EndReason.REFUSED,  # no such feed
    432: EndReason.BUSY,  # publishers full
    433: EndReason.UNAUTHORISED,  # wrong PIN
    403: EndReason.UNAUTHORISED,  # the API wants a secret or token
    405: EndReason.UNAUTHORISED,
    490: EndReason.BUSY,
}


def refused(answer: Refused, room: str) -> DialError:
    """The error of a request that the server refused, for the room ``room``."""
    reason = _BY_CODE.get(answer.code, EndReason.REFUSED)
    if answer.code == 429 and "(pin)" in answer.sentence:  # Janus's word for a PIN not given
        answer = Refused(answer.transaction, 433, answer.sentence)
        reason = EndReason.UNAUTHORISED
    words = {
        426: f"the server has no room {room}",
        432: f"room {room} is full: {answer.sentence}",
        433: f"room {room} wants another PIN, or one at all",
    }
    sentence = words.get(answer.code, f"the server refuses: {answer.sentence} ({answer.code})")
    return DialError(reason, sentence)


def unreachable(error: Exception, host: str) -> DialError:
    """The error of a WebSocket that could not be opened to ``host``."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        reason = EndReason.UNAUTHORISED if status == 401 else EndReason.REFUSED
        return DialError(reason, f"no meeting server at {host}: HTTP {status}")
    if isinstance(error, WebSocketException):
        return DialError(EndReason.REFUSED, f"no meeting server at {host}: {error}")
    return connect_errors.unreachable(error, host)
