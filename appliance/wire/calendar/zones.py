"""The time zones that a feed brings along, each under a name that no other feed can mean.

icalendar keeps the zones of all feeds in one table of the process, by TZID, and the first to come
stays: a corrected VTIMEZONE, or another feed's, would never count. So a zone is entered there under
a digest of what it says, and the events' TZID are rewritten to that before they are read.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from appliance.wire.calendar.calendar_text import Component
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS

MAX_OFFSET_MINUTES = 14 * 60
_UTC = re.compile(
    r"z|utc|gmt|[(]?(utc|gmt)[)]?( .*)?|(coordinated )?universal time|zulu", re.IGNORECASE
)
_OFFSET = re.compile(
    r"(?:\b(?:utc|gmt)\s*|^[(]?)([+\-\N{MINUS SIGN}])(\d{1,2})(?:[:.]?(\d{2})|(\.5))?(?!\d)",
    re.IGNORECASE,
)
_SAYS_NOTHING = ("TZID", "LAST-MODIFIED", "TZURL", "X-")  # may differ where the offsets do not


def read_zones(components: Iterable[Component], notes: list[str]) -> dict[str, str]:
    """TZID, as `plain_tzid` gives it, to the name under which icalendar knows it; of those that the
    tz database has not.

    A VTIMEZONE that cannot be read is told in `notes`; its TZID may still be Windows' name of one.
    """
    names: dict[str, str] = {}
    for component in components:
        if component.name != "VTIMEZONE":
            continue
        lines = [line for line in component.lines if not line.upper().startswith(_SAYS_NOTHING)]
        tzid = next((_value(x) for x in component.lines if x.upper().startswith("TZID")), "")
        tzid = plain_tzid(tzid)
        if not tzid or _known(tzid):
            continue
        try:
            names[tzid] = _entered(lines)
        except LIBRARY_ERRORS as error:
            only = _only_offset(lines)
            if only is not None:
                names[tzid] = _fixed(only)
                continue
            reason = " ".join(str(error).split())[:120]
            notes.append(f"the VTIMEZONE {tzid[:60]!r} is left out: {reason}")
    return names


def _only_offset(lines: Iterable[str]) -> int | None:
    """Minutes east of Greenwich where a VTIMEZONE that cannot be read names one offset, and no
    other; None where it does not."""
    values = {_value(line) for line in lines if line.upper().startswith("TZOFFSETTO")}
    found = re.fullmatch(r"([+-]?)(\d\d):?(\d\d)", values.pop()) if len(values) == 1 else None
    if found is None or int(found[2]) * 60 + int(found[3]) > MAX_OFFSET_MINUTES:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes


def zone_name(tzid: str, own: Mapping[str, str]) -> str:
    """The name under which icalendar knows the zone `tzid` of a feed whose `own` zones are those of
    `read_zones`: of the tz database where there is one; `tzid` itself where nobody knows it.

    Who names an offset is believed: ``(UTC+07:00) Bangkok``, ``GMT+0700``, ``+0900``,
    ``tzone://Microsoft/Utc``. As in people's sentences ``UTC+7`` is east of Greenwich; the tz
    database's own ``Etc/GMT+7``, which is west, was found before.
    """
    plain = plain_tzid(tzid)
    if plain in own:
        return own[plain]
    if not plain or _known(plain):
        return plain.strip("/")
    by_folded = _folded()
    pieces = [piece for piece in plain.split("/") if piece]
    for count in range(min(3, len(pieces)), 0, -1):
        found = by_folded.get("/".join(pieces[-count:]).replace(" ", "_").casefold())
        if found:
            return found
    offset = _OFFSET.search(plain)
    if offset is None:
        windows = plain in WINDOWS_TO_OLSON  # "GMT Standard Time" is London's, with its summer
        return "UTC" if not windows and any(map(_UTC.fullmatch, (plain, *pieces[-1:]))) else plain
    minutes = int(offset[2]) * 60 + (30 if offset[4] else int(offset[3] or 0))
    if minutes > MAX_OFFSET_MINUTES:
        return plain
    return _fixed(-minutes if offset[1] in "-\N{MINUS SIGN}" else minutes)


def plain_tzid(tzid: str) -> str:
    """`tzid` without quotes and escapes, which producers set in one place and not in the other."""
    return " ".join(tzid.replace("\\", "").strip().strip('"').split())


def _fixed(minutes: int) -> str:
    """A zone that is always so many minutes east of Greenwich."""
    if minutes % 60 == 0 and -12 <= minutes // 60 <= 14:
        return f"Etc/GMT{-(minutes // 60):+d}" if minutes else "UTC"
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    lines = ["BEGIN:STANDARD", "DTSTART:19700101T000000", f"TZOFFSETFROM:{offset}",
             f"TZOFFSETTO:{offset}", "END:STANDARD"]  # fmt: skip
    return _entered(lines)


def _entered(lines: list[str]) -> str:
    name = "vtimezone-" + hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    text = "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE", ""])
    icalendar.Timezone.from_ical(text)
    return name


@cache
def _folded() -> dict[str, str]:
    names = available_timezones()
    return {name.casefold(): name for name in sorted(names) if "/" in name or name == "UTC"}


def _value(line: str) -> str:
    return line.partition(":")[2].strip()


def _known(tzid: str) -> bool:
    try:
        ZoneInfo(tzid.strip("/"))
    except LIBRARY_ERRORS:
        return False
    return True
