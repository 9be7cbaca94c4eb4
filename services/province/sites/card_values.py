"""What a card has of its own site: its account at the conference system; and whom to ask there."""

import re
from collections.abc import Mapping

from appliance.base.site_file import FORMS
from appliance.core.message import N_
from services.province.errors import WrongInputError
from services.province.storage.tables import Site

_LINE = r"[^\x00-\x1f\x7f]"
_FORMS: Mapping[str, tuple[str, str]] = {
    "sip_user": FORMS["sip.user"],
    "sip_password": (rf"{_LINE}{{0,128}}", N_("at most 128 letters in one line")),
    "extension": FORMS["sip.extension"],
    "contact": (rf"{_LINE}{{0,120}}", N_("a name in one line")),
    "telephone": (rf"{_LINE}{{0,40}}", N_("a number in one line")),
}
CARD_VALUES = tuple(_FORMS)
"""Columns of `Site`, fields of its form, and our names for a sheet's columns."""


def set_card_values(site: Site, values: Mapping[str, str]) -> list[str]:
    """Write these, and give the names of those that changed. One that is not there stays.

    Raises `WrongInputError`, which never holds a password, and then nothing is written.
    """
    wanted = {name: _checked(name, text) for name, text in values.items()}
    changed = [name for name, text in wanted.items() if getattr(site, name) != text]
    for name in changed:
        setattr(site, name, wanted[name])
    return changed


def _checked(name: str, text: str) -> str:
    form, wanted = _FORMS[name]
    value = text.strip() if name == "sip_password" else " ".join(text.split())
    if not re.fullmatch(form, value):
        raise WrongInputError(N_("This cannot be written on a card: {why}."), name, why=wanted)
    return value
