"""Letters that come from outside and that nothing can store, or nobody can see.

A lone surrogate (half of a letter, which JSON lets through as ``"\\ud800"``) can be sent by no
socket; PostgreSQL stores neither it nor the zero byte. Letters without a shape (controls, zero
widths, marks that turn the direction of writing) can be stored; two names that differ by one look
the same, and a turned line reads as another (Unicode Technical Report 36, 2.10 and 3.6).
"""

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_HIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, but no tabulator and no end of a line
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # of no width
    "\u200b-\u200d\u2060-\u2065\ufeff"
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f"  # directions and ends of lines
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)


def unstorable(text: str) -> str:
    """What is wrong with a text that cannot be stored; "" for nothing."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return ""
    return "a zero byte" if found[0] == "\0" else "half a letter (surrogates)"


def storable(text: str) -> str:
    """The text with U+FFFD in the place of what cannot be stored."""
    return _UNSTORABLE.sub("\ufffd", text)


def hidden(text: str) -> bool:
    """Whether there is a letter in it that nobody sees."""
    return _HIDDEN.search(text) is not None


def visible(text: str) -> str:
    """The text as it can be stored and sent, without the letters that nobody sees."""
    return storable(_HIDDEN.sub("", text))
