"""Imports meetings from a calendar file (RFC 5545), read as a site would read it."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from appliance.wire.calendar.calendar_text import CalendarText, split_feed
from appliance.wire.calendar.event import Event, EventError, read_event
from appliance.wire.calendar.feed_problem import FeedError
from appliance.wire.calendar.series import newest
from appliance.wire.calendar.zones import read_zones
from services.province.errors import WrongInputError
from services.province.importing.sites_sheet import MAX_PROBLEMS, Imported
from services.province.importing.table import SheetProblem
from services.province.schedule import meetings
from services.province.schedule.meetings import Guests, MeetingDraft
from services.province.storage.tables import Meeting


def import_calendar(
    session: Session, content: bytes, guests: Guests, zone: ZoneInfo, now: float
) -> Imported:
    """Take in all events of `content` that have a time; one that is known by its UID is changed.

    An all-day event is passed over: it does not say when to dial. A problem's ``line`` is the
    number of the event in the file.
    """
    try:
        calendars, _ = split_feed(content)
    except FeedError as error:
        raise WrongInputError(
            N_("This file cannot be read as a calendar: {why}."), "file", why=error
        ) from error
    done = Imported()
    events = [event for one in calendars for event in _events(one, zone, done)]
    by_uid: dict[str, list[Event]] = {}
    for event in newest(events):
        if not event.all_day:
            by_uid.setdefault(event.uid, []).append(event)
    for number, (uid, group) in enumerate(by_uid.items(), 1):
        try:
            _take(session, uid, group, guests, done, zone, now)
        except WrongInputError as error:
            done.problems.append(SheetProblem(number, error.message, error.values))
        if len(done.problems) >= MAX_PROBLEMS:
            break
    if not (done.added or done.changed or done.same or done.problems):
        raise WrongInputError(N_("The calendar has no meeting with an hour."), "file")
    return done


def _rule(master: Event) -> str:
    to_ical: Any = master.rules[0].to_ical if master.rules else bytes  # typed nowhere
    raw: bytes = to_ical()
    return raw.decode()


def _events(calendar: CalendarText, zone: ZoneInfo, done: Imported) -> list[Event]:
    zones = read_zones(calendar.components, [])
    found = []
    for number, component in enumerate(calendar.components, 1):
        if component.name != "VEVENT":
            continue
        try:
            event = read_event(
                component, zone=zone, zones=zones, hosts=frozenset(), cancelling=False
            )
        except EventError as error:
            done.problems.append(SheetProblem(number, N_("This event cannot be read: {why}."),
                                     {"why": str(error)}))  # fmt: skip
        else:
            found.append(event)
    return found


def _take(
    session: Session,
    uid: str,
    group: Sequence[Event],
    guests: Guests,
    done: Imported,
    zone: ZoneInfo,
    now: float,
) -> None:
    master = next((event for event in group if event.instance is None), None)
    if master is None or len(master.rules) > 1 or master.added:
        raise WrongInputError(
            N_("“{title}” repeats in a way that cannot be taken in."), title=group[0].title or uid
        )
    draft = MeetingDraft(
        title=master.title,
        begin=master.begin.timestamp(),
        length_s=master.length.total_seconds(),
        guests=guests,
        rule=_rule(master),
        address=master.address,
        chair=master.chair,
        free=master.free,
        zone=master.begin.tzinfo.key if isinstance(master.begin.tzinfo, ZoneInfo) else zone.key,
    )
    known = session.scalars(select(Meeting).where(Meeting.uid == uid[:255])).one_or_none()
    if master.cancelled:
        if known is not None and not known.cancelled:
            meetings.cancel(known, now)
            done.changed += 1
        else:
            done.same += 1
        return
    if known is None:
        meeting = meetings.create(session, draft, now, uid[:255])
        done.added += 1
    else:
        meeting = known
        meetings.edit(session, meeting, draft, now)
        done.changed += 1
    for excluded in master.excluded if master.rules else ():
        # A day alone means the occurrence of that day.
        at = excluded if isinstance(excluded, datetime) else datetime.combine(
            excluded, time(master.begin.hour, master.begin.minute), master.begin.tzinfo
        )  # fmt: skip
        meetings.cancel_occurrence(session, meeting, at.timestamp(), now)
    for event in group:
        if event.instance is not None and master.rules and not event.following:
            instance = event.instance.timestamp()
            if event.cancelled:
                meetings.cancel_occurrence(session, meeting, instance, now)
            else:
                meetings.move_occurrence(
                    session, meeting, instance, event.begin.timestamp(),
                    event.length.total_seconds(), now,
                )  # fmt: skip
