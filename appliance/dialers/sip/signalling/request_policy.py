"""Refuses requests by their method, dialog, extensions and body (RFC 3261 section 8.2)."""

from sipmessage import Request, Response

from appliance.dialers.sip.signalling.message import (
    ALLOW,
    DTMF_RELAY,
    MEDIA_CONTROL,
    SDP,
    SUPPORTED,
    part_of,
    response,
    sdp_of,
    tokens,
)
from appliance.dialers.sip.signalling.received.header_values import to_tag

_METHODS = frozenset(word.strip() for word in ALLOW.split(","))
_CODES = {
    "REFER": 603,  # a site stays in the meeting that its agenda says
    "NOTIFY": 481,  # it has subscribed to nothing
    "SUBSCRIBE": 489,  # and has no events
}
INFO_KINDS = (MEDIA_CONTROL, DTMF_RELAY, "application/dtmf")


def refusal(request: Request, tag: str, *, in_dialog: bool) -> Response | None:
    """The refusal of a request, or None; ``tag`` is ours (RFC 3261 sections 8.2 and 12.2.2)."""
    method = request.method
    if method in _CODES:
        return response(request, _CODES[method], tag)
    if method not in _METHODS:
        no = response(request, 405, tag)
        no.headers.set("Allow", ALLOW)
        return no
    if to_tag(request) and not in_dialog:
        return response(request, 481, tag)
    unknown = sorted(tokens(request, "Require") - set(SUPPORTED))
    if unknown and method != "BYE":  # who leaves has left, whatever else is demanded
        no = response(request, 420, tag)
        no.headers.set("Unsupported", ", ".join(unknown))
        return no
    if not in_dialog and method not in ("INVITE", "OPTIONS"):
        return response(request, 481, tag)
    return _wrong_body(request, tag)


def _wrong_body(request: Request, tag: str) -> Response | None:
    """The 415 to a body of a media type that we do not take (section 8.2.3), or None."""
    wanted = {"INVITE": (SDP,), "UPDATE": (SDP,), "INFO": INFO_KINDS}.get(request.method)
    if wanted is None or not request.body.strip() or part_of(request, wanted) is not None:
        return None
    if SDP in wanted and sdp_of(request):
        return None
    no = response(request, 415, tag)
    no.headers.set("Accept", ", ".join(wanted))
    return no


def options(request: Request, tag: str) -> Response:
    """The 200 to OPTIONS, with what we take (section 11.2)."""
    yes = response(request, 200, tag)
    yes.headers.set("Allow", ALLOW)
    yes.headers.set("Accept", ", ".join((SDP, *INFO_KINDS)))
    yes.supported = list(SUPPORTED)
    return yes
