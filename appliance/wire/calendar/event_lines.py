"""Repairs the lines of an event before the library reads them.

One line that a producer wrote wrongly must not cost the meeting. A line that says neither hour nor
address costs itself; of a list of days each day that can be read counts; an end that cannot be read
is as one that is missing. Only a begin, a rule or a RECURRENCE-ID that cannot be read leaves the
event out, for the hour would be a guess. RFC 5545 sections 3.1 and 3.3.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import icalendar

from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS
from appliance.wire.calendar.zones import zone_name

MIN_YEAR, MAX_YEAR = 1970, 2200
"""What lies outside is nobody's occurrence; near year 1 and 9999 no zone can be worked out."""

SINGLE_TIMES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID"})
TIME_LISTS = frozenset({"RDATE", "EXDATE"})
_NEEDED = frozenset({"DTSTART", "RECURRENCE-ID"})
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
_TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?"
    r"\s*([Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)?"
)
_MIDNIGHT = re.compile(r"\d{8}T000000Z?")
"""What some write behind VALUE=DATE."""
_LENGTH = re.compile(
    r"[+]?P?(?:(\d{1,4})W)?(?:(\d{1,4})D)?T?(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?",
    re.IGNORECASE,
)
_RULE_PARTS = frozenset(
    {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY"}
    | {"BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST"}
)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY_IN_FULL = re.compile(
    r"(?<![A-Z])(MO|TU|WE|TH|FR|SA|SU)(?:N|E|D|U|I|T|(?:N|ES|DNES|URS|RI|TUR|N)DAY)$"
)
"""``Mon``, ``Monday``."""
_MODERATOR = re.compile(r"moderator|host|chair|chủ", re.IGNORECASE)


class LineError(ValueError):
    """A line without which the hour of an event would be a guess; says which and what it holds."""


def repaired(name: str, line: str, zones: Mapping[str, str], notes: list[str]) -> str | None:
    """`line` of the property `name` as the library reads it; None where it says nothing.

    `zones` has the names of the feed's own zones, by TZID as `zones.plain_tzid` gives it. What is
    left out is told in `notes` where it matters to a meeting. Raises `LineError`.
    """
    if name in SINGLE_TIMES or name in TIME_LISTS:
        return _times(name, line, zones, notes)
    if name == "DURATION":
        return _length(line, notes)
    if name in ("RRULE", "EXRULE"):
        return f"{name}:{_rule(line.partition(':')[2], notes)}"
    return line if _is_parsable(line) else _salvaged(name, line, notes)


def _times(name: str, line: str, zones: Mapping[str, str], notes: list[str]) -> str | None:
    head, values = _split(line)
    parameters = _parameters(head)
    tzid = parameters.get("TZID", "")
    is_day = parameters.get("VALUE", "").strip().upper() == "DATE"
    kept: list[str] = []
    days: list[str] = []
    date_only = True
    for value in re.split("[,;]", values):
        text = value.strip()
        if not text:
            continue
        try:
            written, is_date = _value(text, is_day=is_day)
        except ValueError as error:
            if name in _NEEDED:
                raise LineError(f"{name} cannot be read: {text[:40]!r}") from error
            notes.append(f"its {name} {text[:40]!r} cannot be read and is left out")
            continue
        if written is None:
            if name in _NEEDED:
                raise LineError(
                    f"{name} is outside the years {MIN_YEAR} to {MAX_YEAR}: {text[:40]!r}"
                )
            if name == "DTEND":
                kept.append(f"{MAX_YEAR}1231T000000")  # a mistyped year: too long, and told so
                date_only = False
            continue
        date_only = date_only and is_date
        kept.append(written)
    if not kept:
        if name in _NEEDED:
            raise LineError(f"{name} is empty")
        return None
    if name in TIME_LISTS and not date_only:
        days = [one for one in kept if "T" not in one]
        kept = [one for one in kept if "T" in one]
    range_ = ";RANGE=THISANDFUTURE" if "THISANDFUTURE" in head.upper() else ""
    if date_only:
        return f"{name};VALUE=DATE{range_}:{','.join(kept)}"
    kind = ";VALUE=PERIOD" if any("/" in one for one in kept) else ""
    if kind:
        kept = [one for one in kept if "/" in one]
    zone = zone_name(tzid, zones)
    known = f';TZID="{zone}"' if zone and not all(one.endswith("Z") for one in kept) else ""
    hours = f"{name}{range_}{kind}{known}:{','.join(kept)}"
    # Days among hours: each kind needs a line of its own.
    return f"{name};VALUE=DATE:{','.join(days)}\r\n{hours}" if days else hours


def _value(text: str, *, is_day: bool) -> tuple[str | None, bool]:
    if is_day and _MIDNIGHT.fullmatch(text):
        text = text[:8]
    return _period(text) if "/" in text else _moment(text)


def _split(line: str) -> tuple[str, str]:
    """Head and values of a line of times; an unquoted colon may stand in the name of its zone."""
    for found in re.finditer(":", line):
        values = line[found.end() :].strip()
        if all(_looks_like_time(one.strip()) for one in re.split("[,;]", values)):
            return line[: found.start()], values
    colon = line.rfind(":") if '"' in line else line.find(":")
    return (line[:colon], line[colon + 1 :]) if colon >= 0 else (line, "")


def _looks_like_time(text: str) -> bool:
    first = text.partition("/")[0].strip()
    return bool(_DATE.fullmatch(first) or _TIME.fullmatch(first))


def _parameters(head: str) -> dict[str, str]:
    found = {}
    for piece in re.findall(r';([A-Za-z-]+)=("[^"]*"|[^;]*)', head):
        found[piece[0].upper()] = piece[1]
    return found


def _moment(text: str) -> tuple[str | None, bool]:
    """A date or a time as RFC 5545 writes it, and whether it is a date; None outside the bounds.

    24:00 is the midnight that follows; a second of 60 is that before; an offset is made UTC.
    """
    day = _DATE.fullmatch(text)
    if day:
        year, month, date = (int(number) for number in day.groups())
        if not MIN_YEAR <= year <= MAX_YEAR:
            return None, True
        return f"{datetime(year, month, date):%Y%m%d}", True  # noqa: DTZ001 - on the wall
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, date, hour, minute = (int(number) for number in found.groups()[:5])
    second = min(59, int(found[6] or 0))
    if not MIN_YEAR <= year <= MAX_YEAR:
        return None, False
    next_day = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta()
    moment = datetime(year, month, date, hour % 24 if next_day else hour, minute, second)  # noqa: DTZ001
    moment += next_day
    offset = found[7] or ""
    if offset[:1] in ("+", "-"):
        sign, digits = (-1 if offset[0] == "-" else 1), offset[1:].replace(":", "")
        moment -= sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return f"{moment:%Y%m%dT%H%M%S}" + ("Z" if offset else ""), False


def _period(text: str) -> tuple[str | None, bool]:
    start, _, stop = text.partition("/")
    first, is_date = _moment(start.strip())
    if is_date:
        raise ValueError(text)
    if _LENGTH.fullmatch(stop.strip()) and any(letter in stop.upper() for letter in "WDHMS"):
        last: str | None = _as_length(stop.strip())
    else:
        last, _ = _moment(stop.strip())
    return (f"{first}/{last}" if first and last else None), False


def _length(line: str, notes: list[str]) -> str | None:
    text = line.partition(":")[2].strip()
    try:
        return f"DURATION:{_as_length(text)}"
    except ValueError:
        notes.append(f"its DURATION {text[:40]!r} cannot be read and is left out")
        return None


def _as_length(text: str) -> str:
    found = _LENGTH.fullmatch(text.replace(" ", ""))
    months = re.fullmatch(
        r"P(\d+D)?\d+M", text, re.IGNORECASE
    )  # months, or minutes without their T?
    if found is None or months or not any(found.groups()):
        raise ValueError(text)
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return f"P{length.days}DT{length.seconds}S"


def _rule(text: str, notes: list[str]) -> str:
    parts = []
    spaceless = re.sub(r"\s+|^RRULE:", "", text, flags=re.IGNORECASE)
    # BYDAY=MO;TU
    for part in re.sub(rf";(?=(?:{'|'.join(_WEEKDAYS)})(?:[;,]|$))", ",", spaceless).split(";"):
        name, _, value = part.partition("=")
        name = name.upper()
        values = [one for one in value.upper().split(",") if one]
        if name in ("BYDAY", "WKST"):
            values = [_WEEKDAY_IN_FULL.sub(r"\1", one) for one in values]
            if name == "WKST" and not set(values) <= set(_WEEKDAYS):
                continue
        if name == "RSCALE" and values not in ([], ["GREGORIAN"]):
            raise LineError(f"it repeats by the calendar {values[0][:40]!r} (RFC 7529)")
        if name not in _RULE_PARTS or not values:
            if part:
                notes.append(f"the part {part[:40]!r} of its RRULE is unknown and is left out")
            continue
        if name == "UNTIL":
            try:
                until, _ = _moment(values[0])
            except ValueError as error:
                raise LineError(f"UNTIL is no day: {values[0][:40]!r}") from error
            if until is None and values[0] < f"{MIN_YEAR}":
                until = f"{MIN_YEAR}0101"
            if until is None:
                continue  # for ever
            values = [until]
        parts.append(f"{name}={','.join(values)}")
    return ";".join(parts)


def _is_parsable(line: str) -> bool:
    try:
        parse: Any = icalendar.parser.Contentline  # typed nowhere
        parse(line).parts()
    except LIBRARY_ERRORS:
        return False
    return True


def _salvaged(name: str, line: str, notes: list[str]) -> str | None:
    """The value of a line whose parameters cannot be read; None where that would be a guess."""
    if name == "ORGANIZER":
        named = re.search(
            r'CN=(.*?)(?:;[A-Z-]+=.*)?:(?:mailto|invalid|https?|"?$)', line, re.IGNORECASE
        )
        spoken = (named[1] if named else "").replace('"', "").strip()
        return f'ORGANIZER;CN="{spoken}":invalid:nomail' if spoken else None
    _, colon, value = line.partition(":")
    quoted = re.match(r'[^":]*(?:"[^"]*"[^":]*)*:', line)
    if quoted:
        value = line[quoted.end() :]
    if not colon or (name == "CONFERENCE" and _MODERATOR.search(line[: len(line) - len(value)])):
        notes.append(f"its {name} cannot be read and is left out")
        return None
    return f"{name}:{value}"
