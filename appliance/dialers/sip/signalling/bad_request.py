"""What is said to a request that cannot be read: 400, or 505 to another version of SIP.

Without an answer the far end repeats its request for 32 s (RFC 3261 section 17.1) before it knows
that something is wrong with it. An answer carries its headers back to the letter (section 8.2.6),
so nothing of them has to be understood but their names.
"""

import re

from sipmessage import Response

from appliance.dialers.sip.signalling.message import AGENT, new_tag, serialise
from appliance.dialers.sip.signalling.message_head import (
    LONGEST_HEAD,
    LONGEST_LINE,
    MOST_LINES,
    unfolded,
)

_FIRST = re.compile(r"([!%'*+.0-9A-Z_`a-z~-]{1,32}) .*SIP/(\d{1,3}\.\d{1,3}) *")
_TAG = re.compile(r";\s*tag\s*=", re.IGNORECASE)
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id"}
_NEEDED = ("From", "To", "Call-ID", "CSeq")
_LONGEST_WHY = 60


def answer_to(data: bytes, why: str) -> bytes | None:
    """The answer to bytes of which `message.parse` said ``why`` it cannot read them.

    None where there is none to give: to an answer, to an ACK (RFC 3261 section 17), to what lacks
    a header that an answer must carry back, and to what is no SIP at all.
    """
    head = data.partition(b"\r\n\r\n")[0]
    if len(head) > LONGEST_HEAD:
        return None
    first, *lines = unfolded(head.decode("utf-8", "replace")).split("\r\n")
    asked = _FIRST.fullmatch(first) if len(first) <= LONGEST_LINE else None
    if asked is None or asked[1] == "ACK" or len(lines) > MOST_LINES:
        return None
    headers = _headers(lines)
    if not all(name.lower() in headers for name in ("Via", *_NEEDED)):
        return None
    one = Response(400, f"Bad Request, {_plain(why)}")
    if asked[2] != "2.0":
        one = Response(505, "Version Not Supported")
    one.headers.setlist("Via", headers["via"])
    for name in _NEEDED:
        one.headers.set(name, headers[name.lower()][0])
    if not _TAG.search(one.headers["To"]):
        one.headers.set("To", f"{one.headers['To']};tag={new_tag()}")
    one.headers.set("Server", AGENT)
    return serialise(one)


def _headers(lines: list[str]) -> dict[str, list[str]]:
    """The values by their headers' long names in small letters."""
    found: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and value and len(line) <= LONGEST_LINE and "\n" not in line and "\r" not in line:
            found.setdefault(_SHORT.get(name, name), []).append(value)
    return found


def _plain(why: str) -> str:
    """A reason that may stand in a status line: it quotes what came from outside."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in why[:_LONGEST_WHY])
