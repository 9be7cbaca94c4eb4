"""Chooses the one address of an event that this site is to dial.

The order is: CONFERENCE (RFC 7986 section 5.11) with FEATURE=VIDEO, then AUDIO, then one without
FEATURE, then PHONE; then addresses in LOCATION, in URL; and, only where the site file lists the
allowed hosts, in X-GOOGLE-CONFERENCE, X-MICROSOFT-SKYPETEAMSMEETINGURL and DESCRIPTION, for anybody
who sends an invitation fills those. A CONFERENCE for the moderator, or for chat, feed or screen
alone, is not ours. Of equals the first in the event wins.
"""

import re
import unicodedata
from typing import Any

from appliance.wire.address import Address, AddressError, addresses_in, names_one, shown

_RANKS = ("VIDEO", "AUDIO", "", "PHONE")
_MODERATOR = re.compile(r"\b(moderator|host|chair(man|person)?|chủ trì|chủ toạ|chủ tọa)\b")
NOT_ALLOWED = "is not among the allowed hosts"
_FROM_ANYBODY = ("X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "DESCRIPTION")


def choose_address(event: Any, hosts: frozenset[str], problems: list[str]) -> str:
    """The address to dial as text, "" for none.

    `event` is an icalendar component; `hosts` are the allowed hosts (empty: any; one that begins
    with a dot stands for all below it). Why candidates were left out is appended to `problems`.
    """
    left_out: list[str] = []
    for candidate in _candidates(event, hosts, left_out):
        if allowed(candidate, hosts):
            return str(candidate)
        left_out.append(f"the host {candidate.host} {NOT_ALLOWED}")
    problems.extend(dict.fromkeys(left_out))
    return ""


def allowed(address: Address, hosts: frozenset[str]) -> bool:
    """Whether `hosts` lets this site dial `address`; ``loopback:`` goes nowhere and always may."""
    if not hosts or not address.host:
        return True
    return any(
        address.host == host.lower()
        or (host.startswith(".") and address.host.endswith(host.lower()))
        for host in hosts
    )


def _candidates(event: Any, hosts: frozenset[str], left_out: list[str]) -> list[Address]:
    found = _conferences(event, left_out)
    names = ("LOCATION", "URL", *(_FROM_ANYBODY if hosts else ()))
    for name in names:
        for value in _values(event, name):
            read = addresses_in(str(value))
            found.extend(read)
            if not read and names_one(str(value)):
                left_out.append(f"no address can be read in its {name}")
    return found


def _conferences(event: Any, left_out: list[str]) -> list[Address]:
    ranked: list[tuple[int, Address]] = []
    for conference in _values(event, "CONFERENCE"):
        parameters = getattr(conference, "params", {})
        rank = _rank(parameters)
        if rank is None:
            continue
        try:
            ranked.append((rank, Address.parse(str(conference))))
        except AddressError as error:
            if written := addresses_in(str(conference)):  # sip://, or words around it
                ranked.append((rank, written[0]))
                continue
            left_out.append(f"its address {shown(str(conference))!r} cannot be dialled: {error}")
    return [address for _, address in sorted(ranked, key=lambda pair: pair[0])]


def _rank(parameters: Any) -> int | None:
    """0 is best; None for a conference that is not for a site."""
    features = {word.strip().upper() for word in _words(parameters.get("FEATURE")) if word.strip()}
    label = unicodedata.normalize("NFC", " ".join(_words(parameters.get("LABEL")))).casefold()
    if "MODERATOR" in features or _MODERATOR.search(label):
        return None
    ranks = [rank for rank, name in enumerate(_RANKS) if name in (features or {""})]
    return min(ranks, default=None)


def _words(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else str(value).split(",")


def _values(event: Any, name: str) -> list[Any]:
    value = event.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]
