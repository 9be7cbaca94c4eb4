"""Reads the events of a feed, by UID: a site's agenda and the province's import begin with it.

One event that cannot be read costs that event only, and is told with its title and the reason.
"""

import re
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from appliance.wire.calendar.calendar_text import CalendarText, Component, split_feed
from appliance.wire.calendar.event import Event, EventError, read_event, title_of
from appliance.wire.calendar.event_lines import MAX_YEAR, MIN_YEAR
from appliance.wire.calendar.series import newest
from appliance.wire.calendar.zones import read_zones

ANSWERS = frozenset({"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"})
"""Methods by which a guest answers or asks (RFC 5546 section 1.4): no meeting of the host's."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An event that could not be read: its title, the reason, and the day that it may be of."""

    title: str
    reason: str
    day: str = ""
    """``20260309``; "" where it is not known, or the event repeats."""


@dataclass(slots=True)
class FeedEvents:
    """All that a feed says about events."""

    calendars: list[CalendarText]
    by_uid: dict[str, list[Event]] = field(default_factory=dict)
    """Of each UID the events that count (`series.newest`)."""
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences about the feed as a whole."""


def read_events(feed: bytes, *, zone: ZoneInfo, hosts: frozenset[str]) -> FeedEvents:
    """The events of `feed`; `zone` is the site's, for floating times, `hosts` as in `read_agenda`.

    Raises `FeedError` where the feed as a whole is no calendar.
    """
    calendars, problems = split_feed(feed)
    read = FeedEvents(calendars, notes=list(problems))
    events = [event for one in calendars for event in _events(one, zone, hosts, read)]
    counting = newest(events)
    _tell_doubles(events, counting, read)
    for event in counting:
        read.by_uid.setdefault(event.uid, []).append(event)
    return read


def _tell_doubles(events: list[Event], counting: list[Event], read: FeedEvents) -> None:
    """Name what another event takes the place of though it is no newer one.

    Who copies an event by hand changes the hour, and forgets the UID.
    """
    best = {(event.uid, event.instance): event for event in counting}
    for event in events:
        other = best.get((event.uid, event.instance))
        if other is None or other is event or event.cancelled or other.cancelled:
            continue
        same_age = (event.sequence, event.stamp) == (other.sequence, other.stamp)
        if same_age and event.begin != other.begin:
            day = "" if event.repeats else f"{event.begin:%Y%m%d}"
            reason = "another event has the same UID, and is no newer version"
            read.left_out.append(LeftOut(event.title or event.uid[:60], reason, day))


def _events(
    calendar: CalendarText, zone: ZoneInfo, hosts: frozenset[str], read: FeedEvents
) -> list[Event]:
    method = calendar.value("METHOD").upper()
    if method in ANSWERS:
        read.notes.append(f"METHOD:{method} is a guest's answer and no meeting")
        return []
    events = []
    zones = read_zones(calendar.components, read.notes)
    for number, component in enumerate(calendar.components, 1):
        if component.name != "VEVENT":
            continue
        try:
            event = read_event(
                component, zone=zone, zones=zones, hosts=hosts, cancelling=method == "CANCEL"
            )
        except EventError as error:
            title = title_of(component) or f"no. {number}"
            read.left_out.append(LeftOut(title, str(error), _day(component)))
        else:
            events.append(event)
    return events


def _day(component: Component) -> str:
    """The day of an event that does not repeat; "" where it is not to be found."""
    text = "\n".join(component.lines).upper()
    found = re.search(r"^DTSTART[;:].*?(\d{8})(?:T|\s|$)", text, re.MULTILINE)
    repeats = re.search(r"^(RRULE|RDATE)[;:]", text, re.MULTILINE)
    known = found is not None and MIN_YEAR <= int(found[1][:4]) <= MAX_YEAR
    return found[1] if found and known and not repeats else ""
