"""The time zones that a feed brings along, each under a name that no other feed can mean.

icalendar keeps the zones of all feeds in one table of the process, by TZID, and the first to come
stays: a corrected VTIMEZONE, or another feed's, would never count. So a zone is entered there under
a digest of what it says, and the events' TZID are rewritten to that before they are read.
"""

import hashlib
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import icalendar

from appliance.wire.calendar.calendar_text import Component
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS

_TZID = re.compile(r';TZID=(?:"([^"]*)"|([^";:,]*))', re.IGNORECASE)
_SAYS_NOTHING = ("TZID", "LAST-MODIFIED", "TZURL", "X-")  # may differ where the offsets do not


def read_zones(components: Iterable[Component], notes: list[str]) -> dict[str, str]:
    """TZID to the name under which icalendar knows it, for those that the tz database has not.

    A VTIMEZONE that cannot be read is told in `notes`; its TZID may still be Windows' name of one.
    """
    names: dict[str, str] = {}
    for component in components:
        if component.name != "VTIMEZONE":
            continue
        lines = [line for line in component.lines if not line.upper().startswith(_SAYS_NOTHING)]
        tzid = next((_value(x) for x in component.lines if x.upper().startswith("TZID")), "")
        if not tzid or _known(tzid):
            continue
        name = "vtimezone-" + hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
        text = "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE", ""])
        try:
            icalendar.Timezone.from_ical(text)
        except LIBRARY_ERRORS as error:
            reason = " ".join(str(error).split())[:120]
            notes.append(f"the VTIMEZONE {tzid[:60]!r} is left out: {reason}")
        else:
            names[tzid] = name
    return names


def renamed(line: str, names: dict[str, str]) -> str:
    """`line` with its TZID as icalendar knows it."""
    found = _TZID.search(line) if names else None
    if found is None:
        return line
    name = names.get(found[1] or found[2] or "")
    return line if name is None else f"{line[: found.start()]};TZID={name}{line[found.end() :]}"


def _value(line: str) -> str:
    return line.partition(":")[2].strip()


def _known(tzid: str) -> bool:
    try:
        ZoneInfo(tzid.strip("/"))
    except LIBRARY_ERRORS:
        return False
    return True
