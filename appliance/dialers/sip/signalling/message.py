"""Converts SIP messages between bytes and sipmessage's objects; builds what every message needs."""

import re
import secrets
from dataclasses import dataclass

from sipmessage import URI, Address, CSeq, Message, Parameters, Request, Response, Via
from sipmessage.message import COMPACT_FORMS

from appliance.dialers.api import DialersError
from appliance.dialers.sip.signalling.message_head import MAX_HEAD, decoded, encoded, header_lines
from appliance.dialers.sip.signalling.received.header_values import (
    read_address,
    read_cseq,
    read_uri,
    tag,
    to_tag,
    top_via,
)
from appliance.dialers.sip.signalling.received.multipart import parts

AGENT = "DiemCau"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"
SUPPORTED = ("timer", "100rel")
SDP = "application/sdp"
MEDIA_CONTROL = "application/media_control+xml"
DTMF_RELAY = "application/dtmf-relay"
FAST_UPDATE = (
    '<?xml version="1.0" encoding="utf-8"?>\r\n'
    "<media_control><vc_primitive><to_encoder><picture_fast_update>"
    "</picture_fast_update></to_encoder></vc_primitive></media_control>\r\n"
)
"""The body that asks for a keyframe (RFC 5168)."""
DTMF_MS = 160
MAX_INFO_READ = 4096
"""Characters of a far end's INFO that are looked at."""
COOKIE = "z9hG4bK"  # RFC 3261 section 8.1.1.7: a branch that begins so is unique
MAX_FORWARDS = 70
_NUMBER = re.compile(r"[0-9]{1,10}")
_STATUS_LINE = re.compile(r"SIP/2\.0 +([0-9]{1,9})(?: (.*))?", re.IGNORECASE)
_REQUEST_LINE = re.compile(r"([!%'*+.0-9A-Z_`a-z~-]{1,64}) (\S+) SIP/2\.0", re.IGNORECASE)
_FAST_UPDATE = re.compile(r"<\s*(?:\w+:)?picture_fast_update\b", re.IGNORECASE)
_SINGLE = ("From", "To", "Call-ID", "CSeq")
_WITHOUT_BODY = frozenset({"BYE", "CANCEL"})
"""Requests, and answers to them, whose body decides nothing."""

PHRASES = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    407: "Proxy Authentication Required", 415: "Unsupported Media Type", 420: "Bad Extension",
    422: "Session Interval Too Small", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
    491: "Request Pending", 500: "Server Internal Error", 501: "Not Implemented",
    503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline", 606: "Not Acceptable",
}  # fmt: skip


class MessageError(DialersError, ValueError):
    """Bytes are no SIP message, or one of no use."""


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of a socket, for Via and Contact. ``transport`` is UDP, TCP or TLS."""

    transport: str
    host: str
    port: int

    @property
    def reliable(self) -> bool:
        """Whether the transport repeats what is lost (RFC 3261 section 17)."""
        return self.transport != "UDP"

    def via(self, branch: str) -> Via:
        """A Via of ours; ``rport`` asks for the answer at the port that we send from (RFC 3581)."""
        return Via(self.transport, self.host, self.port, Parameters(branch=branch, rport=None))

    def contact(self, user: str) -> Address:
        """The Contact by which the far end reaches this socket."""
        parameters = Parameters()
        if self.transport != "UDP":
            parameters = Parameters(transport=self.transport.lower())
        return Address(URI("sip", self.host, user or None, port=self.port, parameters=parameters))


def parse(data: bytes) -> Request | Response:
    """Read one whole message; raises MessageError.

    Only what every message needs decides that: the first line, Via, From, To, Call-ID, CSeq, and
    where a body is needed its length. A body that is longer than Content-Length is cut (RFC 3261
    section 18.3). Read headers by `header_values`: sipmessage's readers are strict.
    """
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap or len(head) > MAX_HEAD:
        raise MessageError("no end of the headers")
    try:
        first, lines = header_lines(decoded(head))
        message = _begun(first, in_dialog=any(_in_dialog(*line) for line in lines))
        for name, value in lines:
            message.headers.add(COMPACT_FORMS.get(name.lower(), name), value)
        _check(message)
        message.body = _body_of(message, body)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MessageError(f"not a SIP message: {error!s:.120}") from None
    return message


def _in_dialog(name: str, value: str) -> bool:
    return name.lower() in ("to", "t") and bool(tag(value))


def _begun(first: str, *, in_dialog: bool) -> Request | Response:
    """The message that a first line begins; raises ValueError."""
    status = _STATUS_LINE.fullmatch(first)
    if status is not None:
        return Response(int(status[1]), (status[2] or "").strip())
    request_line = _REQUEST_LINE.fullmatch(first)
    if request_line is None:
        raise ValueError("neither request nor answer")
    try:
        uri = read_uri(request_line[2], headers=False)
    except ValueError:
        # Inside a dialog the tags say what it belongs to, not the address.
        if not in_dialog:
            raise
        uri = URI("sip", "unreadable.invalid")
    return Request(request_line[1], uri)


def _check(message: Request | Response) -> None:
    """Read every header that an answer needs, so that no later reading fails."""
    for name in _SINGLE:
        if len(set(message.headers.getlist(name))) > 1:
            raise ValueError(f"{name} is there twice, and not the same")
    cseq = read_cseq(message.headers["CSeq"])
    message.cseq = cseq
    top_via(message)
    if not message.call_id:
        raise ValueError("Call-ID is empty")
    for name in ("From", "To"):
        if not tag(message.headers[name]):
            read_address(message.headers[name])
    if isinstance(message, Request):
        if cseq.method != message.method:
            raise ValueError(f"CSeq says {cseq.method[:20]!r}, the request {message.method[:20]}")
    elif not 100 <= message.code <= 699:
        raise ValueError(f"{message.code} is no status")


def _body_of(message: Request | Response, body: bytes) -> bytes:
    """The body, cut to Content-Length; raises ValueError where it is needed and not whole."""
    lengths = set(message.headers.getlist("Content-Length"))
    if not lengths:
        return body
    length = lengths.pop()
    if not lengths and _NUMBER.fullmatch(length) and int(length) <= len(body):
        return body[: int(length)]
    if message.cseq.method in _WITHOUT_BODY:
        return b""
    raise ValueError(f"Content-Length {length[:20]!r}, but {len(body)} bytes came")


def serialise(message: Message) -> bytes:
    """Write a message as bytes, with its Content-Length."""
    message.headers.set("Content-Length", str(len(message.body)))
    if isinstance(message, Request):
        first = f"{message.method} {message.uri} SIP/2.0"
    elif isinstance(message, Response):
        first = f"SIP/2.0 {message.code} {message.phrase}"
    return encoded(f"{first}\r\n{message.headers}") + message.body


def new_branch() -> str:
    """A branch that no other request has."""
    return COOKIE + secrets.token_hex(10)


def new_tag() -> str:
    """A tag for our end of a dialog (RFC 3261 section 19.3)."""
    return secrets.token_hex(8)


def tag_of(address: Address) -> str:
    """The tag of an address of ours, "" where it has none."""
    return address.parameters.get("tag") or ""


def tagged(address: Address, tag: str) -> Address:
    """The same address with this tag."""
    return Address(address.uri, address.name, address.parameters.replace(tag=tag))


def request(
    method: str, uri: URI, near: Address, far: str | Address, call_id: str, cseq: int
) -> Request:
    """A request without Via; the transaction adds that. ``far`` is an address, or it as written."""
    one = Request(method, uri)
    one.headers.set("Max-Forwards", str(MAX_FORWARDS))
    one.from_address = near
    one.headers.set("To", str(far))
    one.call_id, one.cseq = call_id, CSeq(cseq, method)
    one.headers.set("User-Agent", AGENT)
    return one


def response(to: Request, code: int, tag: str = "", phrase: str = "") -> Response:
    """An answer to ``to`` (RFC 3261 section 8.2.6); ``tag`` is ours, where To has none yet."""
    one = Response(code, phrase or PHRASES.get(code, "Unknown"))
    one.headers.setlist("Via", list(to.headers.getlist("Via")))
    if code < 300 and to.headers.getlist("Record-Route"):
        one.headers.setlist("Record-Route", list(to.headers.getlist("Record-Route")))
    one.headers.set("From", to.headers["From"])
    # To the letter, where the library would write it in another way.
    ours = f";tag={tag}" if tag and code > 100 and not to_tag(to) else ""
    one.headers.set("To", to.headers["To"] + ours)
    one.call_id = to.call_id
    one.headers.set("CSeq", to.headers["CSeq"])
    one.headers.set("Server", AGENT)
    return one


def carry(message: Message, body: str, kind: str = SDP) -> None:
    """Set the body of a message; "" removes it."""
    message.body = body.encode()
    if body:
        message.headers.set("Content-Type", kind)
    else:
        message.headers.remove("Content-Type")


def describe(message: Message, contact: Address, sdp: str) -> None:
    """Put on what an INVITE, an UPDATE and their 2xx carry: Contact, Allow, Supported, the SDP."""
    message.contact = [contact]
    message.headers.set("Allow", ALLOW)
    message.supported = list(SUPPORTED)
    carry(message, sdp)


def kind_of(message: Message) -> str:
    """The media type of the body, lower case, without parameters."""
    return (message.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def part_of(message: Message, kinds: tuple[str, ...]) -> tuple[str, bytes] | None:
    """The first part of the body that is of one of these media types, and which; or None."""
    found = parts(message.headers.get("Content-Type") or "", message.body)
    return next((part for part in found if part[0] in kinds), None)


def sdp_of(message: Message) -> str:
    """The session description in the body, "" where there is none.

    It may be one part of several, or come without a Content-Type.
    """
    found = part_of(message, (SDP,)) or part_of(message, ("",))
    if found is None or (not found[0] and not found[1].lstrip().startswith(b"v=0")):
        return ""
    return found[1].decode("utf-8", "replace")


def wants_keyframe(kind: str, body: str) -> bool:
    """Whether an INFO asks for a keyframe (RFC 5168).

    Only that one word is looked for, so no XML of a stranger is ever parsed.
    """
    return kind == MEDIA_CONTROL and _FAST_UPDATE.search(body[:MAX_INFO_READ]) is not None


def dtmf_relay(digit: str) -> str:
    """The body of an INFO that says that a key was pressed."""
    return f"Signal={digit}\r\nDuration={DTMF_MS}\r\n"


def tokens(message: Message, name: str) -> frozenset[str]:
    """The comma-separated words of a header over all its lines, lower case."""
    lines = message.headers.getlist(name)
    return frozenset(word.strip().lower() for line in lines for word in line.split(",")) - {""}


def number(message: Message, name: str) -> int | None:
    """The number at the beginning of a header; None without one of at most ten digits."""
    found = _NUMBER.match((message.headers.get(name) or "").strip())
    return int(found.group()) if found else None
