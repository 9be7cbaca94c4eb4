"""All occurrences within a window of the events that share one UID.

recurring-ical-events expands; it is given times without a zone, on the wall clock of the series'
own zone, which is what RRULE counts in (RFC 5545 section 3.3.10), and the zone is put back
afterwards. Given zoned times it compares an instant in UTC with another's wall clock: at UTC+7, in
a series at 9:00 and 16:00, leaving out the second lost the first as well.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr

from appliance.wire.calendar.event import Event, EventError, as_cancelled
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS

MAX_STEPS = 200_000
"""Occurrences between the first and the end of the window that may be counted through."""

MAX_PER_DAY = 48
"""What BYHOUR, BYMINUTE and BYSECOND may make of one day."""

_SOURCE = "X-SOURCE"
_STEP_S = {
    "HOURLY": 3600,
    "DAILY": 86400,
    "WEEKLY": 604_800,
    "MONTHLY": 2_419_200,
    "YEARLY": 31_536_000,
}
_NOT_WITH = {  # RFC 5545 section 3.3.10; dateutil counts such rules through to the year 9999
    "BYWEEKNO": {"HOURLY", "DAILY", "WEEKLY", "MONTHLY"},
    "BYYEARDAY": {"HOURLY", "DAILY", "WEEKLY", "MONTHLY"},
    "BYMONTHDAY": {"WEEKLY"},
}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an event takes place; `uid` names this time among all others."""

    uid: str
    begin: float  # POSIX s, UTC
    end: float
    event: Event


def newest(events: list[Event]) -> list[Event]:
    """Of events that stand twice (same UID, same RECURRENCE-ID) the one that counts.

    SEQUENCE decides, then DTSTAMP, then which stands later (RFC 5546 section 2.1.5).
    """
    best: dict[tuple[str, float | None], Event] = {}
    for event in events:
        key = event.uid, event.instance.timestamp() if event.instance else None
        if key not in best or _age(event) >= _age(best[key]):
            best[key] = event
    return list(best.values())


def occurrences(events: list[Event], begin: float, end: float) -> list[Occurrence]:
    """What of these `events`, all of one UID, touches ``[begin, end)``; POSIX seconds.

    Cancelled occurrences and all-day ones are among them: the caller tells them by their event.
    Raises `EventError` for a rule that is against RFC 5545 or not to be counted.
    """
    master = next((event for event in events if event.instance is None), None)
    if master is not None and master.cancelled:
        # The whole series is off; a change of one occurrence holds only if it is the later word.
        events = [
            as_cancelled(e) if e is not master and e.sequence <= master.sequence else e
            for e in events
        ]
    try:
        if len(events) == 1 and not (events[0].repeats or events[0].excluded):
            found = [_occurrence(events[0], events[0].uid, events[0].begin, events[0].length)]
        else:
            found = list(_expanded(master, events, begin, end))
    except EventError:
        raise
    except LIBRARY_ERRORS as error:
        raise EventError(f"it repeats in a way that cannot be worked out: {error}") from error
    return [item for item in found if item.begin < end and item.end > begin]


def _age(event: Event) -> tuple[int, float]:
    return event.sequence, event.stamp


def _expanded(
    master: Event | None, events: list[Event], begin: float, end: float
) -> Iterator[Occurrence]:
    zone = (master or events[0]).begin.tzinfo or UTC
    if master is not None:
        for rule in master.rules:
            _check(rule, master, end)
    wall = icalendar.Calendar()
    for number, event in enumerate(events):
        wall.add_component(_on_the_wall(event, master, zone, number))
    # A day more at either side: the wall clock of another zone is at most that far from ours.
    first = datetime.fromtimestamp(begin, zone).replace(tzinfo=None) - timedelta(days=1)
    last = datetime.fromtimestamp(end, zone).replace(tzinfo=None) + timedelta(days=1)
    for item in recurring_ical_events.of(wall).between(first, last):
        event = events[int(item[_SOURCE])]
        start, stop = item["DTSTART"].dt, item["DTEND"].dt
        if event.instance is not None and not event.following:
            at = _instance(event, event.instance, master, zone).replace(tzinfo=zone)
            yield _occurrence(event, _uid(event, at), event.begin, event.length)
            continue
        # A change of this and all future ones moves them all by as much (RFC 5545, 3.8.4.4).
        moved = timedelta()
        if event.instance is not None:
            moved = _wall(event.begin, zone) - _instance(event, event.instance, master, zone)
        instance = (start - moved).replace(tzinfo=zone)
        yield _occurrence(event, _uid(event, instance), start.replace(tzinfo=zone), stop - start)


def _occurrence(event: Event, uid: str, begin: datetime, length: timedelta) -> Occurrence:
    starts = begin.timestamp()
    return Occurrence(uid, starts, starts + length.total_seconds(), event)


def _uid(event: Event, instance: datetime) -> str:
    return f"{event.uid}/{instance.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _wall(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _instance(event: Event, at: datetime, master: Event | None, zone: tzinfo) -> datetime:
    if event.instance_is_date and master is not None and not master.all_day:
        # Some write only the day of the occurrence that they change.
        return datetime.combine(at.date(), _wall(master.begin, zone).time())
    return _wall(at, zone)


def _on_the_wall(event: Event, master: Event | None, zone: tzinfo, number: int) -> icalendar.Event:
    wall = icalendar.Event()
    starts = _wall(event.begin, zone)
    wall.add("UID", event.uid)
    wall.add(_SOURCE, str(number))
    wall.add("SEQUENCE", event.sequence)
    wall.add("DTSTART", starts)
    wall.add("DTEND", starts + event.length)
    if event.instance is not None:
        wall.add("RECURRENCE-ID", _instance(event, event.instance, master, zone))
        if event.following:
            wall["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
        return wall
    for rule in event.rules:
        if _ever_true(rule, starts):
            wall.add("RRULE", _rule_on_the_wall(rule, zone))
    for moment, length in event.added:
        local = _wall(moment, zone)
        wall.add("RDATE", [(local, length)] if length is not None else [local])
    for left_out in event.excluded:
        day = left_out if not isinstance(left_out, datetime) else _wall(left_out, zone)
        wall.add("EXDATE", [day])
    return wall


def _rule_on_the_wall(rule: icalendar.vRecur, zone: tzinfo) -> icalendar.vRecur:
    local = icalendar.vRecur(rule)
    until = [_until(moment, zone) for moment in rule.get("UNTIL", [])]
    if until:
        local["UNTIL"] = until
    return local


def _ever_true(rule: icalendar.vRecur, starts: datetime) -> bool:
    """Whether the rule names any time; "the sixth Monday of each month" does not.

    dateutil looks for its first time through to the year 9999, whatever UNTIL says, and each reader
    did so anew: twenty seconds for one event. The calendar repeats every 400 years, so it is
    looked for in the last of them.
    """
    bare = icalendar.vRecur({name: rule[name] for name in rule if name not in ("COUNT", "UNTIL")})
    to_ical: Any = bare.to_ical  # typed nowhere
    late = starts.replace(year=starts.year + (9999 - starts.year) // 400 * 400)
    return next(iter(rrulestr(to_ical().decode(), dtstart=late)), None) is not None


def _until(moment: Any, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(23, 59, 59))  # "until Friday" includes Friday
    return _wall(moment, zone) if moment.tzinfo else moment


def _check(rule: icalendar.vRecur, master: Event, end: float) -> None:
    frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
    if frequency not in _STEP_S:
        raise EventError(f"it repeats {frequency or 'without FREQ'}: that is no meeting")
    for name, frequencies in _NOT_WITH.items():
        if name in rule and frequency in frequencies:
            raise EventError(f"{name} does not go with FREQ={frequency} (RFC 5545, 3.3.10)")
    interval = int(next(iter(rule.get("INTERVAL", [])), 1))
    if int(next(iter(rule.get("COUNT", [])), 0)) < 0:
        raise EventError("its COUNT is no number of times")
    if interval < 1:
        raise EventError(f"INTERVAL={interval} does not lead forward")
    a_day = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        a_day *= max(1, len(rule.get(name, [])))
    steps = (end - master.begin.timestamp()) / (_STEP_S[frequency] * interval)
    if a_day > MAX_PER_DAY or steps > MAX_STEPS:
        raise EventError("it repeats too often to be a meeting")
    most = {"HOURLY": a_day, "DAILY": a_day, "WEEKLY": 7 * a_day}.get(frequency, 366 * a_day)
    if any(abs(int(position)) > most for position in rule.get("BYSETPOS", [])):
        raise EventError("its BYSETPOS is beyond what there can be")
    _check_days(rule)


def _check_days(rule: icalendar.vRecur) -> None:
    days = [int(day) for day in rule.get("BYMONTHDAY", [])]
    months = [int(str(month).rstrip("L")) for month in rule.get("BYMONTH", range(1, 13))]
    lengths = [calendar.monthrange(2024, month)[1] for month in months if 1 <= month <= 12]
    if not lengths or (days and not any(1 <= abs(d) <= n for d in days for n in lengths)):
        raise EventError("it repeats on a day that no such month has")
