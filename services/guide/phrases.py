"""What the guide quotes of the TV and the console, held to the one catalogue of their texts."""

import re
from functools import cache

from babel.messages.pofile import read_po

from appliance.base.texts import CATALOGUES, DOMAIN
from appliance.core.problems import KINDS, Kind

QUOTED = re.compile("«([^»]*)»")
CODE = re.compile(r"[A-Z]\d{1,2}")
MIN_FIXED_LETTERS = 6
"""A text that is little more than its values would let any phrase pass."""

KIND_BY_CODE: dict[str, Kind] = {kind.code: kind for kind in KINDS.values()}

_VALUE = re.compile(r"\{\w+\}")


class GuideError(Exception):
    """A page that cannot be made into a guide; says which, and with what."""


def in_catalogue(phrase: str) -> bool:
    """Whether TV or console say `phrase`, whole; its last full stop may be left out."""
    plain, filled = _catalogue()
    return phrase in plain or f"{phrase}." in plain or bool(filled.fullmatch(phrase))


@cache
def _catalogue() -> tuple[frozenset[str], re.Pattern[str]]:
    """The whole phrases of the catalogue, and a pattern of those that hold a value."""
    with (CATALOGUES / "vi/LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        strings = [message.string for message in read_po(file) if message.id]
    # Of a text with a plural each form is one.
    phrases = [
        one for each in strings for one in ((each,) if isinstance(each, str) else each or ())
    ]
    plain = frozenset(one for one in phrases if not _VALUE.search(one))
    filled = (
        ".+".join(re.escape(part) for part in _VALUE.split(one))
        for one in phrases
        if _VALUE.search(one) and len(_VALUE.sub("", one)) >= MIN_FIXED_LETTERS
    )
    return plain, re.compile("|".join(filled))
