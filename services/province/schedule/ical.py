"""Meetings as iCalendar (RFC 5545, RFC 7986), and the times at which they take place.

The times are read back by the appliance's own agenda reader: the console shows what the sites will
do, since both use the same code.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from appliance.wire.calendar.agenda import read_agenda
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS
from appliance.wire.room_keys import CONSOLE_KEY, SITE_KEY
from services.province.schedule.room_keys import console_key, site_key
from services.province.storage.tables import Meeting, OccurrenceChange

REFRESH = timedelta(minutes=5)
LABEL = "Điểm cầu"
PRODUCT = "-//Diem Cau//province//VI"
CHECK_AHEAD_S = 400 * 24 * 3600.0
"""A rule must give an occurrence within so long after its begin."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a meeting takes place. ``instance`` is when the rule has it begin."""

    meeting_id: int
    uid: str  # as the sites report it
    title: str
    instance: float
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting for one feed; ``off``: as cancelled, since this site is not invited (any more)."""

    meeting: Meeting
    changes: Sequence[OccurrenceChange] = ()
    off: bool = False
    site: str = ""
    """Whose feed it is for: with this site's own key for the meeting's room."""


def calendar(name: str, entries: Iterable[Entry]) -> bytes:
    """The feed: the same bytes for the same entries, whichever copy of the program makes it."""
    feed = icalendar.Calendar()
    feed.add("PRODID", PRODUCT)
    feed.add("VERSION", "2.0")
    feed.add("CALSCALE", "GREGORIAN")
    feed.add("METHOD", "PUBLISH")
    _text(feed, "NAME", name)
    _text(feed, "X-WR-CALNAME", name)
    feed.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    feed.add("X-PUBLISHED-TTL", icalendar.vDuration(REFRESH), encode=False)
    entries = list(entries)
    for zone in sorted({e.meeting.zone for e in entries if e.meeting.rule}):
        feed.add_component(_zone(zone))
    for entry in entries:
        feed.add_component(_event(entry))
        if entry.meeting.rule and not entry.off:
            for change in entry.changes:
                feed.add_component(_change(entry, change))
    raw: bytes = feed.to_ical()
    return raw


def occurrences(
    meeting: Meeting, changes: Sequence[OccurrenceChange], begin: float, end: float
) -> list[Occurrence]:
    """When `meeting` takes place within ``[begin, end)``; none of one that is cancelled."""
    if meeting.cancelled:
        return []
    if not meeting.rule:
        ends = meeting.begin + meeting.length_s
        if not (meeting.begin < end and ends > begin):
            return []
        one = Occurrence(meeting.id, meeting.uid, meeting.title, meeting.begin, meeting.begin, ends)
        return [one]
    feed = calendar("", [Entry(meeting, changes)])
    agenda = read_agenda(feed, begin=begin, end=end, zone=ZoneInfo(meeting.zone))
    return [
        Occurrence(meeting.id, one.uid, one.title, _instance(one.uid), one.begin, one.end)
        for one in agenda.meetings
    ]


def feed_problem(meeting: Meeting) -> str:
    """Why a site could not take `meeting` from its feed, as a sentence; "" where it can."""
    try:
        feed = calendar("", [Entry(meeting)])
    except LIBRARY_ERRORS as error:
        return f"the repetition {meeting.rule[:80]!r} cannot be read: {error}"
    until = meeting.begin + CHECK_AHEAD_S
    agenda = read_agenda(feed, begin=meeting.begin, end=until, zone=ZoneInfo(meeting.zone))
    if agenda.problems:
        return agenda.problems[0]
    return "" if agenda.meetings else "by this repetition it never takes place"


def _event(entry: Entry) -> icalendar.Event:
    meeting = entry.meeting
    event = _plain(meeting)
    if meeting.rule:
        event.add("DTSTART", _local(meeting.begin, meeting.zone))
        event.add("DTEND", _local(meeting.begin + meeting.length_s, meeting.zone))
        event.add("RRULE", icalendar.vRecur.from_ical(meeting.rule))
    else:
        event.add("DTSTART", _utc(meeting.begin))
        event.add("DTEND", _utc(meeting.begin + meeting.length_s))
    if entry.off:
        event.add("STATUS", "CANCELLED")
        return event
    event.add("STATUS", "CANCELLED" if meeting.cancelled else "CONFIRMED")
    _add_details(event, entry)
    return event


def _change(entry: Entry, change: OccurrenceChange) -> icalendar.Event:
    meeting = entry.meeting
    event = _plain(meeting)
    event.add("RECURRENCE-ID", _local(change.instance, meeting.zone))
    begin = change.begin if change.begin is not None else change.instance
    event.add("DTSTART", _local(begin, meeting.zone))
    event.add("DTEND", _local(begin + (change.length_s or meeting.length_s), meeting.zone))
    off = change.begin is None or meeting.cancelled
    event.add("STATUS", "CANCELLED" if off else "CONFIRMED")
    _add_details(event, entry)
    return event


def _plain(meeting: Meeting) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", meeting.uid)
    event.add("DTSTAMP", _utc(meeting.changed_at))
    event.add("SEQUENCE", meeting.sequence)
    return event


def _add_details(event: icalendar.Event, entry: Entry) -> None:
    meeting = entry.meeting
    _text(event, "SUMMARY", meeting.title)
    if meeting.address:
        # Not the title: one with "chủ trì" in it would be read as the moderator's address.
        parameters = {"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"], "LABEL": LABEL}
        event.add("CONFERENCE", icalendar.vUri(meeting.address, params=parameters), encode=False)
    if meeting.chair:
        organizer = icalendar.vCalAddress("mailto:chair@diemcau.invalid")
        organizer.params["CN"] = meeting.chair
        event.add("ORGANIZER", organizer, encode=False)
    if meeting.free:
        event.add("X-DIEMCAU-SPEAK", "FREE")
    if entry.site and meeting.secret and meeting.address.startswith("janus+"):
        _text(event, SITE_KEY, site_key(meeting.secret, entry.site))
        _text(event, CONSOLE_KEY, console_key(meeting.secret))


def _text(component: icalendar.Component, name: str, text: str) -> None:
    component.add(name, icalendar.vText(text), encode=False)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(round(at), UTC)


def _local(at: float, zone: str) -> datetime:
    return datetime.fromtimestamp(round(at), ZoneInfo(zone))


def _instance(uid: str) -> float:
    text = uid.rpartition("/")[2]
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@lru_cache(maxsize=16)
def _zone(name: str) -> Any:
    # Only what the sites may meet: the whole history of a zone is four kilobytes of every feed.
    first, last = datetime(2000, 1, 1).date(), datetime(2040, 1, 1).date()  # noqa: DTZ001
    return icalendar.Timezone.from_tzid(name, first_date=first, last_date=last)
