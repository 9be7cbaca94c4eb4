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
from appliance.wire.calendar.doors import DOORS, print_doors
from appliance.wire.calendar.event_lines import MAX_YEAR, MIN_YEAR
from appliance.wire.calendar.feed_problem import LIBRARY_ERRORS
from appliance.wire.conference_codes import CONFERENCE_ID, CONFERENCE_PIN
from appliance.wire.meeting import DEFAULT_DOORS_S
from appliance.wire.meeting import Meeting as SiteMeeting
from appliance.wire.room_keys import CONSOLE_KEY, SITE_KEY
from services.province.schedule.room_keys import console_key, site_key
from services.province.storage.tables import Meeting, OccurrenceChange

REFRESH = timedelta(minutes=5)
LABEL = "Điểm cầu"
PRODUCT = "-//Diem Cau//province//VI"
FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
MAX_REASON_LETTERS = 200
MIN_TIME = datetime(MIN_YEAR, 1, 1, tzinfo=UTC).timestamp()
MAX_TIME = datetime(MAX_YEAR, 1, 1, tzinfo=UTC).timestamp()
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
    doors_s: float = DEFAULT_DOORS_S


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting for one feed; ``off``: as cancelled, since this site is not invited (any more)."""

    meeting: Meeting
    changes: Sequence[OccurrenceChange] = ()
    off: bool = False
    site: str = ""
    """Whose feed it is for: with this site's own key for the meeting's room."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A stored meeting, or one change of it, that no feed can carry; others go on without it."""

    meeting_id: int
    title: str
    why: str


def calendar(name: str, entries: Iterable[Entry], broken: list[BrokenRow] | None = None) -> bytes:
    """The feed: the same bytes for the same entries, whichever copy of the program makes it.

    What cannot be written is passed over and, where a list is given, named in `broken`.
    """
    feed = icalendar.Calendar()
    feed.add("PRODID", PRODUCT)
    feed.add("VERSION", "2.0")
    feed.add("CALSCALE", "GREGORIAN")
    feed.add("METHOD", "PUBLISH")
    _text(feed, "NAME", name)
    _text(feed, "X-WR-CALNAME", name)
    feed.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    feed.add("X-PUBLISHED-TTL", icalendar.vDuration(REFRESH), encode=False)
    broken = [] if broken is None else broken
    events = [(entry, _events(entry, broken)) for entry in entries]
    for zone in sorted({e.meeting.zone for e, made in events if e.meeting.rule and made}):
        feed.add_component(_zone(zone))
    for _, made in events:
        for event in made:
            feed.add_component(event)
    raw: bytes = feed.to_ical()
    return raw


def _events(entry: Entry, broken: list[BrokenRow]) -> list[icalendar.Event]:
    """The event of a meeting and those of its changes, each tried on its own."""
    meeting = entry.meeting
    try:
        if meeting.rule:
            _zone(meeting.zone)
        made = [_written(_event(entry))]
    except LIBRARY_ERRORS as error:
        broken.append(BrokenRow(meeting.id, meeting.title, _why(error)))
        return []
    for change in entry.changes if meeting.rule and not entry.off else ():
        try:
            made.append(_written(_change(entry, change)))
        except LIBRARY_ERRORS as error:
            broken.append(BrokenRow(meeting.id, meeting.title, f"one occurrence: {_why(error)}"))
    return made


def _written(event: icalendar.Event) -> icalendar.Event:
    event.to_ical()
    return event


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:MAX_REASON_LETTERS] or type(error).__name__


def occurrences(
    meeting: Meeting,
    changes: Sequence[OccurrenceChange],
    begin: float,
    end: float,
    broken: list[BrokenRow] | None = None,
) -> list[Occurrence]:
    """When `meeting` takes place within ``[begin, end)``; none of one that is cancelled.

    A stored row that cannot be worked out takes place never, and is named in `broken`.
    """
    broken = [] if broken is None else broken
    begin, end = max(begin, MIN_TIME), min(end, MAX_TIME)
    if meeting.cancelled or begin >= end:
        return []
    if not meeting.rule:
        ends = meeting.begin + meeting.length_s
        if not (meeting.begin < end and ends > begin):
            return []
        if not _events(Entry(meeting), broken):
            return []
        doors_s = DEFAULT_DOORS_S if meeting.doors_s is None else meeting.doors_s
        begins = meeting.begin
        return [Occurrence(meeting.id, meeting.uid, meeting.title, begins, begins, ends, doors_s)]
    feed = calendar("", [Entry(meeting, changes)], broken)
    agenda = read_agenda(feed, begin=begin, end=end, zone=known_zone(meeting.zone))
    broken.extend(
        BrokenRow(meeting.id, meeting.title, problem[:MAX_REASON_LETTERS])
        for problem in agenda.problems
        if agenda.left_out or not agenda.meetings
    )
    return [
        Occurrence(
            meeting.id, one.uid, one.title, instance_of(one.uid), one.begin, one.end, one.doors_s
        )
        for one in agenda.meetings
    ]


def read_entries(
    entries: Iterable[Entry], begin: float, end: float, zone: ZoneInfo
) -> tuple[SiteMeeting, ...]:
    """What a site sees of these entries within ``[begin, end)``."""
    return read_agenda(calendar("", entries), begin=begin, end=end, zone=zone).meetings


def feed_problem(meeting: Meeting) -> str:
    """Why a site could not take `meeting` from its feed, as a sentence; "" where it can."""
    broken: list[BrokenRow] = []
    feed = calendar("", [Entry(meeting)], broken)
    if broken:
        return f"the repetition {meeting.rule[:80]!r} cannot be read: {broken[0].why}"
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
        rule = icalendar.vRecur.from_ical(meeting.rule)
        if str(next(iter(rule.get("FREQ", [])), "")).upper() not in FREQUENCIES:
            raise ValueError(f"the repetition {meeting.rule[:80]!r} names no day")
        event.add("RRULE", rule)
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
    _add_details(event, entry, change)
    return event


def _plain(meeting: Meeting) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", meeting.uid)
    event.add("DTSTAMP", _utc(meeting.changed_at))
    event.add("SEQUENCE", meeting.sequence)
    return event


def _add_details(
    event: icalendar.Event, entry: Entry, change: OccurrenceChange | None = None
) -> None:
    """The words of the meeting; where a changed occurrence has its own, those."""
    meeting = entry.meeting
    title, address, chair, free = meeting.title, meeting.address, meeting.chair, meeting.free
    number, pin, doors_s = meeting.conference_id, meeting.conference_pin, meeting.doors_s
    if change is not None:
        title = title if change.title is None else change.title
        address = address if change.address is None else change.address
        chair = chair if change.chair is None else change.chair
        free = free if change.free is None else change.free
        doors_s = doors_s if change.doors_s is None else change.doors_s
        number = number if change.conference_id is None else change.conference_id
        pin = pin if change.conference_pin is None else change.conference_pin
    _text(event, "SUMMARY", title)
    if address:
        # Not the title: one with "chủ trì" in it would be read as the moderator's address.
        parameters = {"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"], "LABEL": LABEL}
        event.add("CONFERENCE", icalendar.vUri(address, params=parameters), encode=False)
    if chair:
        organizer = icalendar.vCalAddress("mailto:chair@diemcau.invalid")
        organizer.params["CN"] = chair
        event.add("ORGANIZER", organizer, encode=False)
    if free:
        event.add("X-DIEMCAU-SPEAK", "FREE")
    if doors_s is not None:
        _text(event, DOORS, print_doors(doors_s))
    if number:
        _text(event, CONFERENCE_ID, number)
        if pin:
            _text(event, CONFERENCE_PIN, pin)
    if entry.site and meeting.secret and address:
        _text(event, SITE_KEY, site_key(meeting.secret, entry.site))
    if entry.site and meeting.secret and address.startswith("janus+"):
        _text(event, CONSOLE_KEY, console_key(meeting.secret))


def _text(component: icalendar.Component, name: str, text: str) -> None:
    component.add(name, icalendar.vText(text), encode=False)


def known_zone(name: str) -> ZoneInfo:
    """The zone of that name; Vietnam's where a stored name is none."""
    try:
        return ZoneInfo(name)
    except LIBRARY_ERRORS:
        return ZoneInfo("Asia/Ho_Chi_Minh")


def is_possible(at: float) -> bool:
    """Whether a stored time is within the years that the sites' reader knows."""
    return MIN_TIME <= at < MAX_TIME


def _utc(at: float) -> datetime:
    if not is_possible(at):
        raise ValueError(f"its time {at:g} is outside the years {MIN_YEAR} to {MAX_YEAR}")
    return datetime.fromtimestamp(round(at), UTC)


def _local(at: float, zone: str) -> datetime:
    return _utc(at).astimezone(ZoneInfo(zone))


def instance_of(uid: str) -> float:
    """When the rule has an occurrence begin, by the uid that a site knows it by."""
    text = uid.rpartition("/")[2]
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@lru_cache(maxsize=16)
def _zone(name: str) -> Any:
    # Only what the sites may meet: the whole history of a zone is four kilobytes of every feed.
    first, last = datetime(2000, 1, 1).date(), datetime(2040, 1, 1).date()  # noqa: DTZ001
    return icalendar.Timezone.from_tzid(name, first_date=first, last_date=last)
