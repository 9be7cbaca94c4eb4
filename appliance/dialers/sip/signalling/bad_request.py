"""Answers a request that cannot be read: 400, or 505 to another version of SIP.

Without an answer the far end repeats its request for 32 s (RFC 3261 section 17.1) before it knows
that something is wrong with it. An answer carries its headers back to the letter (section 8.2.6),
so only their names have to be read.
"""

import re

from sipmessage import Response

from appliance.dialers.sip.signalling.message import AGENT, new_tag, serialise
from appliance.dialers.sip.signalling.message_head import MAX_HEAD, decoded, header_lines

_FIRST = re.compile(r"([!%'*+.0-9A-Z_`a-z~-]{1,64}) .*SIP/(\d{1,3}\.\d{1,3}) *")
_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id"}
_NEEDED = ("From", "To", "Call-ID", "CSeq")
_MAX_REASON = 60


def answer_to(data: bytes, why: str) -> bytes | None:
    """The answer to a message that `message.parse` refused because of ``why``.

    None to an answer, to an ACK (RFC 3261 section 17), to what lacks a header that an answer needs,
    and to what is no SIP at all.
    """
    head = data.partition(b"\r\n\r\n")[0]
    if len(head) > MAX_HEAD:
        return None
    try:
        first, lines = header_lines(decoded(head))
    except ValueError:
        return None
    request_line = _FIRST.fullmatch(first)
    if request_line is None or request_line[1] == "ACK":
        return None
    headers = _headers(lines)
    if not all(name.lower() in headers for name in ("Via", *_NEEDED)):
        return None
    one = Response(400, f"Bad Request, {_plain(why)}")
    if request_line[2] != "2.0":
        one = Response(505, "Version Not Supported")
    one.headers.setlist("Via", headers["via"])
    for name in _NEEDED:
        one.headers.set(name, headers[name.lower()][0])
    if not _TAG.search(one.headers["To"]):
        one.headers.set("To", f"{one.headers['To']};tag={new_tag()}")
    one.headers.set("Server", AGENT)
    return serialise(one)


def _headers(lines: list[tuple[str, str]]) -> dict[str, list[str]]:
    """The values by the headers' full names in lower case."""
    found: dict[str, list[str]] = {}
    for name, value in lines:
        if value:
            found.setdefault(_COMPACT.get(name.lower(), name.lower()), []).append(value)
    return found


def _plain(why: str) -> str:
    """A reason without what a status line cannot hold: it quotes what came from outside."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in why[:_MAX_REASON])
