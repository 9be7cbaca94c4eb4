"""Reads an iCalendar feed into the meetings of one site, as frozen values.

RFC 5545 and RFC 7986, with these rules where they leave room:

* An event is a meeting when it names a time of day. An all-day event (DATE-only) names none and is
  left out; where it carries an address that is told as a problem.
* One that names no end lasts an hour; one of more than 24 hours is a mistyped end and is left out.
* A floating time, and one in a zone that nobody knows, is in the site's zone. A zone with a name of
  the tz database (or Windows' name for it, where the feed brings no VTIMEZONE) is that one,
  whatever the feed's VTIMEZONE says; any other is what its VTIMEZONE says, then its name's offset.
* STATUS:CANCELLED (or CANCELED) and METHOD:CANCEL take a meeting, an occurrence or a series out;
  the UID alone does, too. METHOD:REPLY and the like are answers and no meetings. Of one UID (and
  RECURRENCE-ID) standing twice, the higher SEQUENCE counts, then the later DTSTAMP.
* Years outside 1970 to 2200 are nobody's: a day left out or added there is passed over.
* A line that says neither hour nor address costs itself; an end that cannot be read is as a missing
  one (`event_lines`).
* One broken event costs that event only, and is told in `Agenda.problems`.
* **Overlap**: the agenda lists all meetings by begin, then uid, and never merges them. Which of
  two a site is in, `core/decision.py` decides: of those due, not dismissed and with an address the
  one that began first, ties by uid; the other is joined when that one is over or dismissed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from appliance.wire.calendar.calendar_text import CalendarText
from appliance.wire.calendar.event import EventError, clean
from appliance.wire.calendar.events import LeftOut, read_events
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS, FeedError, FeedProblem
from appliance.wire.calendar.series import Occurrence, occurrences
from appliance.wire.conference_codes import conference_codes
from appliance.wire.meeting import Meeting
from appliance.wire.room_keys import room_keys

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
    left_out: tuple[str, ...] = ()  # titles of what may have been a meeting and could not be read


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
    read = read_events(feed, zone=zone, hosts=hosts)
    left_out, notes = _left_out(read.left_out, begin, end, zone), list(read.notes)
    notes.extend(_problem(one.title, f"left out: {one.reason}") for one in read.left_out)
    meetings: dict[str, Meeting] = {}
    cancelled: set[str] = set()
    for uid, group in read.by_uid.items():
        title = group[0].title or uid
        if any(event.cancelled and event.instance is None for event in group):
            cancelled.add(uid)
        try:
            found = occurrences(group, begin, end)
        except EventError as error:
            left_out.append(title)
            notes.append(_problem(title, str(error)))
            continue
        told: set[str] = set()
        for item in found:
            if item.event.cancelled:
                cancelled.add(item.uid)
                continue
            told.update(item.event.problems)
            if not item.event.all_day:
                meetings[item.uid] = _meeting(item)
            elif item.event.address:
                left_out.append(title)
        notes.extend(_problem(title, text) for text in sorted(told))
    listed = sorted(meetings.values(), key=lambda meeting: (meeting.begin, meeting.uid))
    if len(listed) > MAX_MEETINGS:
        notes.append(f"{len(listed)} meetings; only the first {MAX_MEETINGS} are kept")
    return Agenda(
        name=clean(read.calendars[0].value("NAME", "X-WR-CALNAME")),
        meetings=tuple(listed[:MAX_MEETINGS]),
        refresh_s=_refresh(read.calendars[0]),
        cancelled=frozenset(cancelled),
        problems=tuple(dict.fromkeys(notes))[:MAX_PROBLEMS],
        left_out=tuple(dict.fromkeys(left_out))[:MAX_PROBLEMS],
    )


def _left_out(events: list[LeftOut], begin: float, end: float, zone: ZoneInfo) -> list[str]:
    """The titles of those that may have been meetings of the window ``[begin, end)``."""
    first, last = (f"{datetime.fromtimestamp(at, zone):%Y%m%d}" for at in (begin, end))
    return [one.title for one in events if not one.day or first <= one.day <= last]


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
        doors_s=event.doors_s,
        sequence=event.sequence,
        keys=room_keys(item.uid, event.site_key, event.console_key),
        codes=conference_codes(event.conference_id, event.conference_pin),
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
