"""The bodies of SIP INFO: a keyframe is wanted (RFC 5168), a key was pressed."""

import re

CONTROL = "application/media_control+xml"
KEYS = "application/dtmf-relay"
FAST_UPDATE = (
    '<?xml version="1.0" encoding="utf-8"?>\r\n'
    "<media_control><vc_primitive><to_encoder><picture_fast_update>"
    "</picture_fast_update></to_encoder></vc_primitive></media_control>\r\n"
)
KEY_MS = 160
_WANTED = re.compile(r"<\s*(?:\w+:)?picture_fast_update\b", re.IGNORECASE)


def wants_keyframe(kind: str, body: str) -> bool:
    """Whether the far end asks for a keyframe. Read by its one word: nothing else is looked at,
    so no XML of a stranger is ever parsed."""
    return kind == CONTROL and _WANTED.search(body[:4096]) is not None


def key(digit: str) -> str:
    """The body that says that a key was pressed."""
    return f"Signal={digit}\r\nDuration={KEY_MS}\r\n"
