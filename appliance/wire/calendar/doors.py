"""When the doors of a meeting open: the property by which an event says it (docs/wire.md)."""

import re

from appliance.wire.meeting import DEFAULT_DOORS_S, MAX_DOORS_S

DOORS = "X-DIEMCAU-DOORS"
"""A duration (RFC 5545 section 3.3.6, ``PT10M``), or seconds as a number."""
MAX_SHOWN = 30
_SECONDS = re.compile(r"\d{1,7}")
_DURATION = re.compile(
    r"\+?P(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7})S)?)?", re.IGNORECASE
)


def read_doors(text: str, problems: list[str]) -> float:
    """How many seconds before its begin the doors open; the default where `text` does not say.

    What cannot be read counts as not there, and what is too long as `MAX_DOORS_S`; both are told in
    `problems`.
    """
    given = text.strip()
    if not given:
        return DEFAULT_DOORS_S
    seconds = _seconds(given)
    if seconds is None:
        problems.append(
            f"its {DOORS} {given[:MAX_SHOWN]!r} is left out: one is PT10M or 600;"
            f" the site joins {DEFAULT_DOORS_S / 60:.0f} minutes early"
        )
        return DEFAULT_DOORS_S
    if seconds > MAX_DOORS_S:
        problems.append(
            f"its {DOORS} {given[:MAX_SHOWN]!r} is too long;"
            f" the site joins {MAX_DOORS_S / 60:.0f} minutes early"
        )
    return min(seconds, MAX_DOORS_S)


def print_doors(seconds: float) -> str:
    """The property's value for so many seconds."""
    return f"PT{round(seconds)}S"


def _seconds(given: str) -> float | None:
    if _SECONDS.fullmatch(given):
        return float(given)
    found = _DURATION.fullmatch(given)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds
