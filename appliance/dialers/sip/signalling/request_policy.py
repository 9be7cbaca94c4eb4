"""Which requests of a far end are refused before anybody looks closer, and how politely."""

from sipmessage import Request, Response

from appliance.dialers.sip.signalling.message import (
    ALLOW,
    DTMF_RELAY,
    MEDIA_CONTROL,
    SDP,
    SUPPORTED,
    kind_of,
    response,
    tag_of,
    tokens,
)

_KNOWN = frozenset(word.strip() for word in ALLOW.split(","))
_POLITE = {
    "REFER": 603,  # a site stays in the meeting that its agenda says
    "NOTIFY": 481,  # it has subscribed to nothing
    "SUBSCRIBE": 489,  # and has nothing to tell
}
INFO_KINDS = (MEDIA_CONTROL, DTMF_RELAY, "application/dtmf")


def refusal(request: Request, tag: str, *, in_dialog: bool) -> Response | None:
    """The refusal of a request, or None. ``tag`` is ours; sections 8.2 and 12.2.2 of RFC 3261."""
    method = request.method
    if method in _POLITE:
        return response(request, _POLITE[method], tag)
    if method not in _KNOWN:
        no = response(request, 405, tag)
        no.headers.set("Allow", ALLOW)
        return no
    if tag_of(request.to_address) and not in_dialog:
        return response(request, 481, tag)
    unknown = sorted(tokens(request, "Require") - set(SUPPORTED))
    if unknown:
        no = response(request, 420, tag)
        no.headers.set("Unsupported", ", ".join(unknown))
        return no
    if not in_dialog and method not in ("INVITE", "OPTIONS"):
        return response(request, 481, tag)
    return _unreadable(request, tag)


def _unreadable(request: Request, tag: str) -> Response | None:
    """The refusal of a body that is of no kind we read (8.2.3)."""
    wanted = {"INVITE": (SDP,), "UPDATE": (SDP,), "INFO": INFO_KINDS}.get(request.method)
    if wanted is None or not request.body.strip() or kind_of(request) in wanted:
        return None
    no = response(request, 415, tag)
    no.headers.set("Accept", ", ".join(wanted))
    return no


def options(request: Request, tag: str) -> Response:
    """What we can (section 11.2)."""
    yes = response(request, 200, tag)
    yes.headers.set("Allow", ALLOW)
    yes.headers.set("Accept", ", ".join((SDP, *INFO_KINDS)))
    yes.supported = list(SUPPORTED)
    return yes
