"""Reads an iCalendar feed into the meetings of one site, as frozen values.

RFC 5545 and RFC 7986, with these rules where they leave room:

* An event is a meeting when it names a time of day. An all-day event (DATE-only) names none and is
  left out; where it carries an address that is told as a problem.
* One that names no end lasts an hour; one of more than 24 hours is a mistyped end and is left out.
* A floating time, and one in a zone that nobody knows, is in the site's zone. A zone with a name of
  the tz database (or Windows' name for it, where the feed brings no VTIMEZONE) is that one,
  whatever the feed's VTIMEZONE says; any other is what its VTIMEZONE says.
* STATUS:CANCELLED and METHOD:CANCEL take a meeting, an occurrence or a series out. Of the same UID
  (and RECURRENCE-ID) standing twice, the higher SEQUENCE counts, then the later DTSTAMP.
* One broken event costs that event only, and is told in `Agenda.problems`.
* **Overlap**: the agenda lists all meetings by begin, then uid, and never merges them. Which of
  two a site is in, `core/decision.py` decides: of those due, not dismissed and with an address the
  one that began first, ties by uid; the other is joined when that one is over or dismissed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from appliance.wire.calendar.calendar_text import CalendarText, split_feed
from appliance.wire.calendar.event import Event, EventError, clean, read_event, title_of
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS, FeedError, FeedProblem
from appliance.wire.calendar.series import Occurrence, newest, occurrences
from appliance.wire.calendar.zones import read_zones
from appliance.wire.meeting import Meeting

__all__ = ["Agenda", "FeedError", "FeedProblem", "read_agenda"]

MAX_MEETINGS = 2000
"""Of one window; the screen and `decide` walk through all of them."""

MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Agenda:
    """The meetings of a window of time, by begin, then uid."""

    name: str = ""
    meetings: tuple[Meeting, ...] = ()
    refresh_s: float | None = None  # REFRESH-INTERVAL or X-PUBLISHED-TTL, as the feed asks
    cancelled: frozenset[str] = frozenset()  # uids taken out by name; a series' own for all of it
    problems: tuple[str, ...] = ()  # sentences: what was left out or guessed, and why


def read_agenda(
    feed: bytes,
    *,
    begin: float,
    end: float,
    zone: ZoneInfo,
    hosts: frozenset[str] = frozenset(),
) -> Agenda:
    """The meetings of `feed` that touch ``[begin, end)`` (POSIX seconds, UTC).

    `zone` is the site's, for floating times; `hosts` the only ones that may be dialled (empty:
    any). Raises `FeedError` where the feed as a whole is no calendar.
    """
    calendars, problems = split_feed(feed)
    notes = list(problems)
    events = [e for calendar in calendars for e in _events(calendar, zone, hosts, notes)]
    by_uid: dict[str, list[Event]] = {}
    for event in newest(events):
        by_uid.setdefault(event.uid, []).append(event)
    meetings: dict[str, Meeting] = {}
    cancelled: set[str] = set()
    for uid, group in by_uid.items():
        if any(event.cancelled and event.instance is None for event in group):
            cancelled.add(uid)
        try:
            found = occurrences(group, begin, end)
        except EventError as error:
            notes.append(_problem(group[0].title or uid, str(error)))
            continue
        told: set[str] = set()
        for item in found:
            if item.event.cancelled:
                cancelled.add(item.uid)
                continue
            told.update(item.event.problems)
            if not item.event.all_day:
                meetings[item.uid] = _meeting(item)
        notes.extend(_problem(group[0].title or uid, text) for text in sorted(told))
    listed = sorted(meetings.values(), key=lambda meeting: (meeting.begin, meeting.uid))
    if len(listed) > MAX_MEETINGS:
        notes.append(f"{len(listed)} meetings; only the first {MAX_MEETINGS} are kept")
    return Agenda(
        name=clean(calendars[0].value("NAME", "X-WR-CALNAME")),
        meetings=tuple(listed[:MAX_MEETINGS]),
        refresh_s=_refresh(calendars[0]),
        cancelled=frozenset(cancelled),
        problems=tuple(dict.fromkeys(notes))[:MAX_PROBLEMS],
    )


def _events(
    calendar: CalendarText, zone: ZoneInfo, hosts: frozenset[str], notes: list[str]
) -> list[Event]:
    events = []
    cancelling = calendar.value("METHOD").upper() == "CANCEL"
    zones = read_zones(calendar.components, notes)
    for number, component in enumerate(calendar.components, 1):
        if component.name != "VEVENT":
            continue
        try:
            event = read_event(
                component, zone=zone, zones=zones, hosts=hosts, cancelling=cancelling
            )
        except EventError as error:
            title = title_of(component) or f"no. {number}"
            notes.append(_problem(title, f"left out: {error}"))
        else:
            events.append(event)
    return events


def _meeting(item: Occurrence) -> Meeting:
    event = item.event
    return Meeting(
        uid=item.uid,
        title=event.title,
        begin=item.begin,
        end=item.end,
        address=event.address,
        chair=event.chair,
        free=event.free,
        sequence=event.sequence,
    )


def _problem(title: str, text: str) -> str:
    return f"event {title!r}: {text}"


def _refresh(calendar: CalendarText) -> float | None:
    parse: Any = icalendar.vDuration.from_ical  # typed nowhere
    try:
        span = parse(calendar.value("REFRESH-INTERVAL", "X-PUBLISHED-TTL"))
    except LIBRARY_ERRORS:
        return None
    seconds = span.total_seconds() if isinstance(span, timedelta) else 0.0
    return seconds if seconds > 0 else None
