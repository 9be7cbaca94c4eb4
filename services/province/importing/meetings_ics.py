"""Imports meetings from a calendar file (RFC 5545), read as a site would read it."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from appliance.wire.calendar.conference import NOT_ALLOWED
from appliance.wire.calendar.event import Event
from appliance.wire.calendar.events import read_events
from appliance.wire.calendar.feed_problem import FeedError
from services.province.errors import WrongInputError
from services.province.importing.imported import Imported
from services.province.importing.series_plan import PlannedMeeting, plan
from services.province.schedule import meetings
from services.province.schedule.meetings import Guests, MeetingDraft
from services.province.storage.tables import Meeting, OccurrenceChange

LOOK_AT = N_("Read, and to be looked at: {why}.")
MAX_UID_LETTERS = 200
"""The database takes 255, and a single occurrence is named behind it."""
Version = tuple[int, float]
"""SEQUENCE and DTSTAMP (RFC 5546 section 2.1.5)."""
_CODES = ("conference_id", "conference_pin")
_WORDS = ("title", "begin", "length_s", "address", "chair", "free", "doors_s", *_CODES)
_COMPARED = (*_WORDS, "zone", "rule")
_CHANGE_COMPARED = ("instance", *_WORDS)


def import_calendar(
    session: Session,
    content: bytes,
    guests: Guests,
    zone: ZoneInfo,
    now: float,
    hosts: frozenset[str] = frozenset(),
) -> Imported:
    """Take in all events of `content` that have a time; one that is known by its UID is changed.

    An all-day event is passed over: it does not say when to dial. An event that cannot be taken in
    costs itself and is named with the reason; `hosts` are the only ones that sites dial.
    """
    try:
        read = read_events(content, zone=zone, hosts=hosts)
    except FeedError as error:
        raise WrongInputError(
            N_("This file cannot be read as a calendar: {why}."), "file", why=error
        ) from error
    done = Imported()
    for note in read.notes:
        done.tell("", LOOK_AT, {"why": note})
    for left in read.left_out:
        done.refuse(left.title, N_("This event cannot be read: {why}."), {"why": left.reason})
    for uid, group in read.by_uid.items():
        try:
            with session.begin_nested():
                _take(session, _short(uid), group, guests, done, zone, now)
        except WrongInputError as error:
            done.refuse(group[0].title or uid[:60], error.message, error.values)
    if done.is_empty:
        raise WrongInputError(N_("The calendar has no meeting with an hour."), "file")
    return done


def _short(uid: str) -> str:
    if len(uid) <= MAX_UID_LETTERS:
        return uid
    return f"{uid[:100]}-{hashlib.sha256(uid.encode()).hexdigest()[:32]}"


def _take(
    session: Session,
    uid: str,
    group: Sequence[Event],
    guests: Guests,
    done: Imported,
    zone: ZoneInfo,
    now: float,
) -> None:
    group = [replace(event, uid=uid) for event in group]
    title = group[0].title or uid[:60]
    told = {problem for event in group for problem in event.problems}
    refused = [problem for problem in told if NOT_ALLOWED in problem]
    if refused:
        raise WrongInputError(N_("No site dials it: {why}."), why=refused[0])
    planned = {one.uid: one for one in plan(uid, group, guests, zone, now)}
    below = Meeting.uid.startswith(f"{uid}/", autoescape=True)
    rows = {row.uid: row for row in session.scalars(
        select(Meeting).where(or_(Meeting.uid == uid, below)).order_by(Meeting.id)
    )}  # fmt: skip
    version = max((event.sequence, event.stamp) for event in group)
    version = (min(version[0], 2**62), version[1])
    if any(version < (_version(row) or version) for row in rows.values()):
        raise WrongInputError(N_("This is an older version than the one that is known here."))
    for one in planned.values():
        _store(session, rows.get(one.uid), one, version, done, now)
    for row in rows.values():
        if row.uid not in planned:
            done.changed += not row.cancelled
            done.same += row.cancelled
            if not row.cancelled:
                meetings.cancel(row, now)
                row.source_cancelled = True
            row.source_sequence, row.source_stamp = version
    if not planned and not rows and any(event.cancelled for event in group):
        done.same += 1
    for problem in sorted(told):
        done.tell(title, LOOK_AT, {"why": problem})


def _store(
    session: Session,
    row: Meeting | None,
    one: PlannedMeeting,
    version: Version,
    done: Imported,
    now: float,
) -> None:
    if row is None:
        row = meetings.create(session, one.draft, now, one.uid)
        _set_changes(session, row, one)
        done.added += 1
    elif _cancelled_here(row, version):
        raise WrongInputError(
            N_("It was cancelled here; it stays so until the calendar has a newer version.")
        )
    elif _is_same(session, row, one):
        done.same += 1
    else:
        row.cancelled = False
        meetings.edit(session, row, _with_own(one.draft, row), now)
        _set_changes(session, row, one)
        done.changed += 1
    row.source_sequence, row.source_stamp = version
    row.source_cancelled = False


def _version(row: Meeting) -> Version | None:
    if row.source_sequence is None:
        return None
    return row.source_sequence, row.source_stamp or 0.0


def _cancelled_here(row: Meeting, version: Version) -> bool:
    """Whether a person cancelled it and the calendar has said nothing newer."""
    return row.cancelled and not row.source_cancelled and version <= (_version(row) or version)


def _with_own(draft: MeetingDraft, row: Meeting) -> MeetingDraft:
    """The draft with what was entered here and no calendar of others says."""
    number = draft.conference_id or row.conference_id
    pin = draft.conference_pin
    if number == row.conference_id:
        pin = pin or row.conference_pin
    return replace(draft, chair_pin=row.chair_pin, conference_id=number, conference_pin=pin)


def _is_same(session: Session, row: Meeting, one: PlannedMeeting) -> bool:
    wanted = meetings.transient(_with_own(one.draft, row), row.uid)
    if row.cancelled or any(getattr(row, name) != getattr(wanted, name) for name in _COMPARED):
        return False
    if meetings.guests(session, row) != one.draft.guests:
        return False
    stored = _changes_of(session, row)
    by_hand = {change.instance for change in stored if not change.imported}
    return {_of(change) for change in stored if change.imported} == {
        _of(change) for change in one.changes if change.instance not in by_hand
    }


def _set_changes(session: Session, row: Meeting, one: PlannedMeeting) -> None:
    """The calendar's changed occurrences in place of those it had; what people changed stays."""
    session.execute(
        delete(OccurrenceChange).where(
            OccurrenceChange.meeting_id == row.id, OccurrenceChange.imported
        )
    )
    by_hand = {change.instance for change in _changes_of(session, row)}
    for change in one.changes:
        if change.instance not in by_hand:
            values = {name: getattr(change, name) for name in _CHANGE_COMPARED}
            session.add(OccurrenceChange(meeting_id=row.id, imported=True, **values))
    session.flush()


def _changes_of(session: Session, row: Meeting) -> Sequence[OccurrenceChange]:
    found = select(OccurrenceChange).where(OccurrenceChange.meeting_id == row.id)
    return session.scalars(found.execution_options(populate_existing=True)).all()


def _of(change: OccurrenceChange) -> tuple[object, ...]:
    return tuple(getattr(change, name) for name in _CHANGE_COMPARED)
