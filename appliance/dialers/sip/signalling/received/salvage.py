"""Reads what is left of a final answer that `message.parse` refused.

An answer that is dropped costs more than itself: a 200 without its ACK leaves a ghost at the
conference system, which then counts this site twice (seen with one Latin-1 byte in a Server line).
"""

import re

from sipmessage import Request, Response

from appliance.dialers.sip.signalling.message_head import (
    MAX_HEAD,
    decoded,
    encoded,
    header_lines,
)
from appliance.dialers.sip.signalling.received.header_values import branch_of, tag

_STATUS = re.compile(r"SIP/2\.0\s+([2-6][0-9]{2})\b\s*(.*)", re.IGNORECASE)
_METHOD = re.compile(r"[A-Z]{3,}")
_OURS = frozenset({"via", "v", "from", "f", "call-id", "i", "cseq", "to", "t"})
_BODY = frozenset({"content-length", "l", "content-type", "c"})


def final_answer(data: bytes, asked: Request) -> Response | None:
    """The final answer to ``asked`` without its body, or None where the bytes are none.

    It is known by our branch, or by our Call-ID and method. What identifies it is taken from our
    request, all else from the bytes.
    """
    head = data[: MAX_HEAD + 1].partition(b"\r\n\r\n")[0]
    try:
        first, lines = header_lines(decoded(head[:MAX_HEAD]))
    except ValueError:
        return None
    status = _STATUS.fullmatch(first)
    if status is None or not _answers(head, lines, asked):
        return None
    answer = Response(int(status[1]), status[2])
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        answer.headers.setlist(name, list(asked.headers.getlist(name)))
    for name, value in lines:
        if name.lower() in ("to", "t") and tag(value):
            answer.headers.set("To", value)
        elif name.lower() not in _OURS | _BODY:
            answer.headers.add({"m": "Contact"}.get(name.lower(), name), value)
    return answer


def _answers(head: bytes, lines: list[tuple[str, str]], asked: Request) -> bool:
    written = " ".join(value for name, value in lines if name.lower() == "cseq")
    methods = set(_METHOD.findall(written))
    if methods and asked.method not in methods:
        return False
    if encoded(branch_of(asked)) in head:
        return True
    return bool(methods) and encoded(asked.call_id) in head
