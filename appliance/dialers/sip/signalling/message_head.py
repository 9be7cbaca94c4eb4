"""Cuts the head of a message into header lines, and drops the lines that are none.

RFC 3261 section 7.3.1 lets a sender fold lines and put white space nearly anywhere. What nobody
needs decides nothing: a line without a colon, or a line break in a Subject, costs that line. Bytes
that are no UTF-8 (a display name in Latin-1 or CP1258) are kept, and sent back to the letter.
"""

import re

MAX_HEAD = 64 * 1024
MAX_LINES = 256
"""Lines that are kept; of those that come after them only the needed ones."""
_FOLD = re.compile(r"\r\n[ \t]+")
_SPACE = re.compile(r"[ \t]+")
_BREAK = re.compile(r"[\r\n\0]+")
_SCHEME = re.compile(r"(?<=[<\s])(sips?):", re.IGNORECASE)
_NEEDED = frozenset({"via", "v", "from", "f", "to", "t", "call-id", "i", "cseq"})
_ADDRESSES = frozenset({"contact", "m", "route", "record-route"})


def decoded(head: bytes) -> str:
    """The head as text; a byte that is no UTF-8 becomes a lone surrogate, for `encoded`."""
    return head.decode("utf-8", "surrogateescape")


def encoded(head: str) -> bytes:
    """The bytes of a head, those that were no UTF-8 as they came."""
    return head.encode("utf-8", "surrogateescape")


def unfolded(head: str) -> str:
    """The head with each header in a line of its own, from its first line on."""
    return _FOLD.sub(" ", head).lstrip("\r\n")


def header_lines(head: str) -> tuple[str, list[tuple[str, str]]]:
    """The first line of a head, and the names and values of its headers.

    ``head`` has no empty line. Addresses have no superfluous white space, and their schemes are in
    lower case. Raises ValueError for a first line with a line break in it.
    """
    first, *lines = unfolded(head).split("\r\n")
    if _BREAK.search(first):
        raise ValueError("a line break that is none")
    found = []
    for number, line in enumerate(lines):
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        key = name.lower()
        if not colon or not name or (number >= MAX_LINES and key not in _NEEDED):
            continue
        if _BREAK.search(line):
            if key not in _NEEDED:
                continue
            value = _BREAK.sub(" ", value)
        if key in _NEEDED or key in _ADDRESSES:
            value = _SPACE.sub(" ", value).strip().replace(" ,", ",")
            value = _SCHEME.sub(_lower, f" {value}")
        found.append((name, value.strip()))
    return first, found


def _lower(match: re.Match[str]) -> str:
    return match.group(0).lower()
