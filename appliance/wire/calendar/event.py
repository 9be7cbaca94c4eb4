"""One VEVENT as a frozen value: its times in their own zone, its rules, and where it leads.

icalendar reads the single properties; what they mean for a site stands here (RFC 5545 section
3.6.1, RFC 7986 for CONFERENCE).
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from appliance.wire.address import SCHEMES
from appliance.wire.calendar.calendar_text import Component
from appliance.wire.calendar.conference import choose_address
from appliance.wire.calendar.doors import DOORS, read_doors
from appliance.wire.calendar.event_lines import repaired
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS
from appliance.wire.conference_codes import CONFERENCE_ID, CONFERENCE_PIN, DIGITS
from appliance.wire.meeting import DEFAULT_DOORS_S
from appliance.wire.room_keys import CONSOLE_KEY, SITE_KEY

DEFAULT_LENGTH = timedelta(hours=1)
"""How long a meeting lasts that names no end (RFC 5545 would have it end as it begins)."""

MAX_LENGTH = timedelta(hours=24)
"""A longer one is a mistyped year, and by the overlap rule would keep a site from all others."""

MAX_TITLE_LENGTH = 200

_TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
"""One of these broken, and the time would be a guess."""

_PLACES = frozenset(
    {"CONFERENCE", "LOCATION", "URL", "DESCRIPTION"}
    | {"X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL"}
)
_ALL_DAY = "X-MICROSOFT-CDO-ALLDAYEVENT"
"""Exchange writes a day as midnight to midnight, and this beside it."""
_REST = frozenset(
    {"UID", "STATUS", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "EXRULE"}
    | {_ALL_DAY, "SUMMARY", "ORGANIZER", "X-DIEMCAU-SPEAK", DOORS, SITE_KEY, CONSOLE_KEY}
    | {CONFERENCE_ID, CONFERENCE_PIN}
)
KEPT = _TIMES | _PLACES | _REST


NO_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
"""The begin of a cancellation that names none."""


_PROPERTY = re.compile(r"[A-Za-z0-9-]+\s*[;:]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Letters of no width, and those that turn the direction of what follows."""


class EventError(ValueError):
    """One event cannot be understood; says what in it is wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """A VEVENT: a single meeting, the master of a series, or a change of one occurrence.

    Times carry the zone that they are written in, floating ones the site's. ``instance`` is the
    RECURRENCE-ID, ``following`` its RANGE=THISANDFUTURE.
    """

    uid: str
    begin: datetime
    length: timedelta
    all_day: bool = False
    instance: datetime | None = None
    instance_is_date: bool = False
    following: bool = False
    rules: tuple[icalendar.vRecur, ...] = ()
    added: tuple[tuple[datetime, timedelta | None], ...] = ()  # RDATE, with the length of a PERIOD
    excluded: tuple[datetime | date, ...] = ()  # EXDATE
    cancelled: bool = False
    sequence: int = 0
    stamp: float = 0.0
    title: str = ""
    address: str = ""
    chair: str = ""
    free: bool = False
    doors_s: float = DEFAULT_DOORS_S
    site_key: str = field(default="", repr=False)
    console_key: str = ""
    conference_id: str = ""
    conference_pin: str = field(default="", repr=False)
    problems: tuple[str, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether this is a series, or one occurrence of one."""
        return bool(self.rules or self.added or self.instance)


def read_event(
    component: Component,
    *,
    zone: ZoneInfo,
    zones: dict[str, str],
    hosts: frozenset[str],
    cancelling: bool,
) -> Event:
    """The event that `component` describes; `cancelling` is METHOD:CANCEL of its calendar.

    `zones` are the feed's own, of `read_zones`. Raises `EventError`.
    """
    if not component.whole:
        raise EventError("it does not end (no END:VEVENT)")
    problems: list[str] = []
    try:
        kept = _kept(component, zones, problems)
        raw = icalendar.Event.from_ical("\r\n".join(["BEGIN:VEVENT", *kept, "END:VEVENT", ""]))
        return _event(raw, zone, hosts, cancelling, problems)
    except EventError:
        raise
    except LIBRARY_ERRORS as error:
        raise EventError(" ".join(str(error).split())[:200] or type(error).__name__) from error


def title_of(component: Component) -> str:
    """The title for a problem about an event that cannot be read; "" where it has none."""
    for line in component.lines:
        if _name(line) == "SUMMARY":
            return clean(line.partition(":")[2])
    return ""


def clean(text: str) -> str:
    """`text` in one line, composed, without letters that nobody sees, of bounded length."""
    spaced = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", composed(text))
    return " ".join(spaced.split())[:MAX_TITLE_LENGTH]


def composed(text: str) -> str:
    """`text` in NFC, as fonts have Vietnamese letters, without letters of no width."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text))


def _kept(component: Component, zones: dict[str, str], problems: list[str]) -> list[str]:
    named = [(_name(line), line) for line in _joined(component.lines)]
    lines = (repaired(name, line, zones, problems) for name, line in named if name in KEPT)
    return [line for line in lines if line is not None]


def _joined(lines: list[str]) -> list[str]:
    """The lines with what follows a bare line break in a text put back to it."""
    joined: list[str] = []
    for line in lines:
        apart = _PROPERTY.match(line) and _name(line).casefold() not in SCHEMES
        if not apart and joined and _name(joined[-1]) in ("LOCATION", "DESCRIPTION"):
            joined[-1] += "\\n" + line
        else:
            joined.append(line)
    return joined


def _event(
    raw: Any, zone: ZoneInfo, hosts: frozenset[str], cancelling: bool, problems: list[str]
) -> Event:
    for name, error in raw.errors:
        if name is None or name in _TIMES:
            raise EventError(f"{name or 'a line'}: {error}")
    starts, all_day = _moment(raw, "DTSTART", zone, problems)
    own = _own_zone(starts, zone)
    instance, instance_is_date = _moment(raw, "RECURRENCE-ID", own, problems)
    if starts is not None and str(_first(raw, _ALL_DAY) or "").strip().upper() == "TRUE":
        all_day = all_day or time() in (starts.time(), starts.astimezone(zone).time())
    status = str(_first(raw, "STATUS") or "").strip().upper()
    cancelled = cancelling or status in ("CANCELLED", "CANCELED")
    if starts is None and cancelled and _first(raw, "UID"):
        starts = instance or NO_BEGIN  # the UID alone cancels (RFC 5546 section 3.2.5)
    if starts is None:
        raise EventError("it has no DTSTART")
    address = "" if cancelled else choose_address(raw, hosts, problems)
    title = clean(str(_first(raw, "SUMMARY") or ""))
    if "EXRULE" in raw:
        problems.append("its EXRULE is left out: deprecated by RFC 5545")
    length = _length(raw, starts, all_day, zone, problems, quiet=cancelled)
    doors_s = read_doors(str(_first(raw, DOORS) or ""), problems)
    number = _digits(raw, CONFERENCE_ID, "ID", problems)
    pin = _digits(raw, CONFERENCE_PIN, "PIN", problems)
    if cancelled:
        problems = []
    if all_day and address:
        problems.append("it names an address and no hour: an all-day event is not dialled")
    return Event(
        uid=str(_first(raw, "UID") or "").strip() or _made_uid(starts, title),
        begin=starts,
        length=length,
        all_day=all_day,
        instance=instance,
        instance_is_date=instance_is_date,
        following=_following(raw),
        rules=tuple(_all(raw, "RRULE")),
        added=tuple(_added(raw, starts, own, problems)),
        excluded=tuple(
            dt if _is_date(dt) else _aware(dt, own)
            for lot in _all(raw, "EXDATE")
            for dt in _dts(lot)
        ),
        cancelled=cancelled,
        sequence=_sequence(raw),
        stamp=_stamp(raw),
        title=title,
        address=address,
        chair=_chair(raw),
        free=str(_first(raw, "X-DIEMCAU-SPEAK") or "").strip().upper() == "FREE",
        doors_s=doors_s,
        site_key=str(_first(raw, SITE_KEY) or ""),
        console_key=str(_first(raw, CONSOLE_KEY) or ""),
        conference_id=number,
        conference_pin=pin if number else "",
        problems=tuple(problems),
    )


def _digits(raw: Any, name: str, what: str, problems: list[str]) -> str:
    """The digits of a property; anything else is left out and told, without what stands there."""
    text = str(_first(raw, name) or "").strip()
    if text and not DIGITS.fullmatch(text):
        problems.append(f"its conference {what} is left out: it is no run of digits")
        return ""
    return text


def as_cancelled(event: Event) -> Event:
    """`event` as it stands when its whole series is cancelled."""
    return replace(event, cancelled=True, address="", problems=())


def _name(line: str) -> str:
    return re.split("[;:]", line, maxsplit=1)[0].strip().upper()


def _all(raw: Any, name: str) -> list[Any]:
    value = raw.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def _own_zone(starts: datetime | None, zone: ZoneInfo) -> tzinfo:
    """The zone for those of an event's times that name none: of its begin, else the site's."""
    own = starts.tzinfo if starts is not None else None
    return zone if own is None or str(own) == "UTC" else own


def _first(raw: Any, name: str) -> Any:
    return next(iter(_all(raw, name)), None)


def _dts(lot: Any) -> list[Any]:
    return [item.dt for item in lot.dts]


def _is_date(moment: Any) -> bool:
    return isinstance(moment, date) and not isinstance(moment, datetime)


def _aware(moment: Any, zone: tzinfo) -> datetime:
    if _is_date(moment):
        return datetime.combine(moment, time(), zone)
    if not isinstance(moment, datetime):
        raise EventError(f"{moment!r} is no time of a day")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _moment(raw: Any, name: str, zone: tzinfo, problems: list[str]) -> tuple[datetime | None, bool]:
    found = _all(raw, name)
    if len(found) > 1 and len({str(item.to_ical()) for item in found}) > 1:
        raise EventError(f"it has {name} {len(found)} times")
    if not found:
        return None, False
    moment, tzid = found[0].dt, found[0].params.get("TZID")
    if tzid and isinstance(moment, datetime) and moment.tzinfo is None:
        problems.append(f"its zone {str(tzid)[:60]!r} is unknown and is taken for {zone}")
    return _aware(moment, zone), _is_date(moment)


def _length(
    raw: Any, starts: datetime, all_day: bool, zone: ZoneInfo, problems: list[str], *, quiet: bool
) -> timedelta:
    try:
        ends, is_date = _moment(raw, "DTEND", zone, [])
    except EventError as error:
        ends, is_date = None, False
        problems.append(f"its end is left out: {error}")
    if is_date and not all_day:
        ends = None
        problems.append("its end is left out: it names a day and no hour")
    duration = _first(raw, "DURATION")
    if ends is not None:
        length = ends.astimezone(UTC) - starts.astimezone(UTC)
    elif duration is not None:
        length = duration.dt
    else:
        length = timedelta(days=1) if all_day else timedelta()
    if length < timedelta():
        raise EventError("it ends before it begins")
    if not all_day and not quiet:
        if length > MAX_LENGTH:
            raise EventError(f"it lasts {length}, more than a day: is its end mistyped?")
        if not length:
            problems.append("it names no end and is taken to last an hour")
    return length or DEFAULT_LENGTH


def _following(raw: Any) -> bool:
    instance = _first(raw, "RECURRENCE-ID")
    return instance is not None and str(instance.params.get("RANGE", "")).upper() == "THISANDFUTURE"


def _added(
    raw: Any, starts: datetime, zone: tzinfo, problems: list[str]
) -> list[tuple[datetime, timedelta | None]]:
    """RDATE; a day alone is at the hour of the begin."""
    added: list[tuple[datetime, timedelta | None]] = []
    for lot in _all(raw, "RDATE"):
        for item in _dts(lot):
            if isinstance(item, tuple):
                first = _aware(item[0], zone)
                last = item[1]
                span = last if isinstance(last, timedelta) else _aware(last, zone) - first
                if timedelta() < span <= MAX_LENGTH:
                    added.append((first, span))
                else:
                    added.append((first, None))
                    problems.append("the length of an RDATE is left out: it cannot be meant")
            elif _is_date(item):
                added.append((datetime.combine(item, starts.time(), starts.tzinfo), None))
            else:
                added.append((_aware(item, zone), None))
    return added


def _sequence(raw: Any) -> int:
    try:
        return int(_first(raw, "SEQUENCE") or 0)
    except (ValueError, TypeError):
        return 0  # a broken number only loses against a right one


def _stamp(raw: Any) -> float:
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        try:
            return _aware(_first(raw, name).dt, ZoneInfo("UTC")).timestamp()
        except LIBRARY_ERRORS:
            continue
    return 0.0


def _chair(raw: Any) -> str:
    organizer = _first(raw, "ORGANIZER")
    name = organizer.params.get("CN", "") if organizer is not None else ""
    # An unquoted comma makes a list of one name.
    return clean(", ".join(str(part).strip() for part in name) if isinstance(name, list) else name)


def _made_uid(starts: datetime, title: str) -> str:
    text = f"{starts.timestamp()}/{title}"
    return "no-uid-" + hashlib.sha256(text.encode()).hexdigest()[:12]
