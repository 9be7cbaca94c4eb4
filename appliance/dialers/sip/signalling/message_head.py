"""Normalises the head of a message for the parser, and refuses one that is too long.

RFC 3261 section 7.3.1 lets a sender fold lines and put white space nearly anywhere. What is longer
than any real message is refused before a regular expression sees it: some of the parser's need
time by the square of a line's length.
"""

import re

MAX_HEAD = 64 * 1024
MAX_LINE = 4096
"""The longest line of RFC 4475's torture messages has 1100 characters."""
MAX_LINES = 256
_MAX_NUMBER = 64
_FOLD = re.compile(r"\r\n[ \t]+")
_SPACE = re.compile(r"[ \t]+")
_SCHEME = re.compile(r"(?<=[<\s])(sips?):", re.IGNORECASE)
_TEL = re.compile(rf"tel:[^;>\s]{{{_MAX_NUMBER}}}", re.IGNORECASE)
_STRUCTURED = frozenset(
    {"via", "v", "from", "f", "to", "t", "contact", "m", "route", "record-route", "cseq"}
)


def unfolded(head: str) -> str:
    """The head with each header in a line of its own, from its first line on."""
    return _FOLD.sub(" ", head).lstrip("\r\n")


def readable(head: str) -> str:
    """The head unfolded, without superfluous white space, with schemes in lower case.

    ``head`` has no empty line. Raises ValueError for what no sender of SIP writes.
    """
    first, *lines = unfolded(head).split("\r\n")
    if len(lines) > MAX_LINES:
        raise ValueError(f"{len(lines)} header lines")
    return "\r\n".join([_within(_SCHEME.sub(_lower, first)), *map(_line, lines)])


def _line(line: str) -> str:
    name, colon, value = _within(line).partition(":")
    name = name.rstrip(" \t")
    if not colon or not name:
        raise ValueError(f"{line[:40]!r} is no header")
    if name.lower() in _STRUCTURED:
        value = _SCHEME.sub(_lower, " " + _SPACE.sub(" ", value).strip().replace(" ,", ","))
        if _TEL.search(value):
            raise ValueError(f"a telephone number of more than {_MAX_NUMBER} characters")
    return f"{name}:{value}"


def _within(line: str) -> str:
    if len(line) > MAX_LINE:
        raise ValueError(f"a line of {len(line)} characters")
    if "\r" in line or "\n" in line:
        raise ValueError("a line break that is none")
    return line


def _lower(match: re.Match[str]) -> str:
    return match.group(0).lower()
