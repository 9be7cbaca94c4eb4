"""Creates, edits and cancels meetings and their invitations; every change increments SEQUENCE."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from appliance.wire.address import Address, AddressError
from appliance.wire.calendar.conference import allowed
from appliance.wire.conference_codes import DIGITS, MAX_DIGITS
from appliance.wire.meeting import MAX_DOORS_S
from services.province.errors import NotFoundError, WrongInputError
from services.province.schedule.ical import feed_problem
from services.province.schedule.room_keys import new_secret
from services.province.storage.tables import (
    Group,
    Invitation,
    Meeting,
    OccurrenceChange,
    Place,
    Site,
)

MAX_TITLE_LETTERS = 200
MAX_RULE_LETTERS = 300
MIN_LENGTH_S, MAX_LENGTH_S = 300.0, 24 * 3600.0
"""A site leaves out what lasts more than a day: it would keep the site from all others."""
NOT_DIALLED = N_("No site dials {host}; the meeting servers are {hosts}.")
MIN_BEGIN, MAX_BEGIN = 946_684_800.0, 4_102_444_800.0
"""2000 and 2100; beyond is a mistyped year."""
_Named = tuple[str, int | str]
"""A column of `Invitation` and what stands in it."""


@dataclass(frozen=True, slots=True)
class Guests:
    """Whom a meeting invites: branches of the tree, groups of sites, and single sites."""

    places: frozenset[int] = frozenset()
    sites: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """What somebody entered; ``begin`` is POSIX seconds, ``rule`` an RRULE or ""."""

    title: str
    begin: float
    length_s: float
    guests: Guests
    rule: str = ""
    address: str = ""
    chair: str = ""
    chair_pin: str = ""
    free: bool = False
    doors_s: float | None = None
    """How long before its begin sites join; None: their default."""
    conference_id: str = ""
    conference_pin: str = field(default="", repr=False)
    zone: str = "Asia/Ho_Chi_Minh"
    hosts: frozenset[str] = frozenset()
    """The only meeting servers that sites dial; empty: any."""
    imported: bool = False
    """From a calendar: any length and year that a site takes."""


def transient(draft: MeetingDraft, uid: str) -> Meeting:
    """The row of `draft` in no database; raises `WrongInputError` as `create` does."""
    meeting = Meeting(id=0, uid=uid, changed_at=0.0, sequence=0, cancelled=False)
    _write(meeting, draft)
    return meeting


def create(session: Session, draft: MeetingDraft, now: float, uid: str = "") -> Meeting:
    """A new meeting; raises `WrongInputError` for one that a site could not take."""
    meeting = Meeting(
        uid=uid or f"{secrets.token_hex(12)}@diemcau",
        secret=new_secret(),
        changed_at=now,
        sequence=0,
    )
    _write(meeting, draft)
    session.add(meeting)
    session.flush()
    invite(session, meeting, draft.guests)
    return meeting


def edit(session: Session, meeting: Meeting, draft: MeetingDraft, now: float) -> None:
    """Make it as drafted. Another begin or rule forgets the changes of single occurrences."""
    before = (meeting.begin, meeting.rule)
    _write(meeting, draft)
    if before != (meeting.begin, meeting.rule):
        session.execute(delete(OccurrenceChange).where(OccurrenceChange.meeting_id == meeting.id))
    invite(session, meeting, draft.guests)
    touch(meeting, now)


def cancel(meeting: Meeting, now: float) -> None:
    """Cancel the whole meeting; it stays in the feeds, as cancelled."""
    meeting.cancelled = True
    touch(meeting, now)


def cancel_occurrence(session: Session, meeting: Meeting, instance: float, now: float) -> None:
    """Cancel one occurrence of a series."""
    change = _change(session, meeting, instance)
    change.begin = change.length_s = change.doors_s = None
    touch(meeting, now)


def move_occurrence(
    session: Session,
    meeting: Meeting,
    instance: float,
    begin: float,
    length_s: float,
    now: float,
    *,
    doors_s: float | None = None,
) -> None:
    """Move one occurrence of a series to another time, or give it doors of its own.

    `doors_s` None: as the series has them. Its own title and address stay.
    """
    _check_times(begin, length_s)
    _check_doors(doors_s)
    change = _change(session, meeting, instance)
    change.begin, change.length_s, change.doors_s = begin, length_s, doors_s
    touch(meeting, now)


def _change(session: Session, meeting: Meeting, instance: float) -> OccurrenceChange:
    """The change of one occurrence, from now on by a person."""
    change = session.get(OccurrenceChange, (meeting.id, instance))
    if change is None:
        change = OccurrenceChange(meeting_id=meeting.id, instance=instance)
        session.add(change)
    change.imported = False
    return change


def restore_occurrence(session: Session, meeting: Meeting, instance: float, now: float) -> None:
    """Undo the move or the cancellation of one occurrence."""
    session.execute(
        delete(OccurrenceChange).where(
            OccurrenceChange.meeting_id == meeting.id, OccurrenceChange.instance == instance
        )
    )
    touch(meeting, now)


def touch(meeting: Meeting, now: float) -> None:
    """Count SEQUENCE and DTSTAMP up after a change (RFC 5546 section 2.1.4)."""
    meeting.sequence += 1
    meeting.changed_at = max(now, meeting.changed_at)


def get_meeting(session: Session, meeting_id: int) -> Meeting:
    """The meeting of that id; raises `NotFoundError`."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFoundError(N_("There is no meeting {value}."), value=meeting_id)
    return meeting


def guests(session: Session, meeting: Meeting) -> Guests:
    """Whom it invites now."""
    rows = session.scalars(
        select(Invitation).where(
            Invitation.meeting_id == meeting.id, Invitation.withdrawn.is_(False)
        )
    ).all()
    return Guests(
        frozenset(row.place_id for row in rows if row.place_id is not None),
        frozenset(row.site_id for row in rows if row.site_id is not None),
        frozenset(row.group_id for row in rows if row.group_id is not None),
    )


def invite(session: Session, meeting: Meeting, wanted: Guests) -> None:
    """Invite exactly these; an invitation that ends is kept as withdrawn."""
    if wanted == Guests():
        raise WrongInputError(N_("Invite at least one branch or one site."), "guests")
    _check_exist(session, Place.id, wanted.places)
    _check_exist(session, Site.id, wanted.sites)
    _check_exist(session, Group.id, wanted.groups)
    named: set[_Named] = {("place_id", place) for place in wanted.places}
    named |= {("group_id", group) for group in wanted.groups}
    named |= {("site_id", site) for site in wanted.sites}
    known: set[_Named] = set()
    for row in session.scalars(select(Invitation).where(Invitation.meeting_id == meeting.id)):
        guest = _guest(row)
        row.withdrawn = guest not in named
        known.add(guest)
    for column, value in named - known:
        session.add(Invitation(meeting_id=meeting.id, **{column: value}))
    session.flush()


def _guest(row: Invitation) -> _Named:
    if row.place_id is not None:
        return "place_id", row.place_id
    return (
        ("group_id", row.group_id) if row.group_id is not None else ("site_id", row.site_id or "")
    )


def _check_exist(session: Session, column: object, wanted: Iterable[int | str]) -> None:
    ids = set(wanted)
    found = set(session.scalars(select(column).where(column.in_(ids))))  # type: ignore[attr-defined, call-overload]
    if ids - found:
        missing = ", ".join(str(one)[:70] for one in sorted(ids - found, key=str))
        raise WrongInputError(N_("Not in the tree: {value}."), "guests", value=missing)


def _write(meeting: Meeting, draft: MeetingDraft) -> None:
    meeting.title = _line(draft.title, "title", MAX_TITLE_LETTERS)
    if not meeting.title:
        raise WrongInputError(N_("A meeting needs a title."), "title")
    if not draft.imported:
        _check_times(draft.begin, draft.length_s)
    try:
        ZoneInfo(draft.zone)
    except (ValueError, OSError) as error:
        raise WrongInputError(
            N_("“{value}” is no time zone."), "zone", value=draft.zone[:60]
        ) from error
    meeting.begin, meeting.length_s, meeting.zone = draft.begin, draft.length_s, draft.zone
    meeting.rule = draft.rule.strip().upper()
    if len(meeting.rule) > MAX_RULE_LETTERS:
        raise WrongInputError(N_("It repeats in a way that cannot be taken in."), "rule")
    meeting.address = checked_address(draft.address, draft.hosts)
    meeting.chair = _line(draft.chair, "chair", 120)
    meeting.chair_pin = _line(draft.chair_pin, "chair_pin", 60)
    meeting.free = draft.free
    _check_doors(draft.doors_s)
    meeting.doors_s = draft.doors_s
    meeting.conference_id = _digits(draft.conference_id, "conference_id")
    meeting.conference_pin = _digits(draft.conference_pin, "conference_pin")
    if meeting.conference_pin and not meeting.conference_id:
        raise WrongInputError(N_("A PIN needs the ID of its conference."), "conference_id")
    problem = feed_problem(meeting)
    if problem:
        raise WrongInputError(
            N_("The sites could not keep this meeting: {why}."),
            "rule" if meeting.rule else "",
            why=problem,
        )


def _check_times(begin: float, length_s: float) -> None:
    if not MIN_BEGIN <= begin <= MAX_BEGIN:
        raise WrongInputError(N_("The year must be between 2000 and 2100."), "begin")
    if not MIN_LENGTH_S <= length_s <= MAX_LENGTH_S:
        raise WrongInputError(
            N_("A meeting lasts from 5 minutes to 24 hours, not {minutes} minutes."),
            "minutes",
            minutes=round(length_s / 60),
        )


def _check_doors(doors_s: float | None) -> None:
    if doors_s is not None and not 0 <= doors_s <= MAX_DOORS_S:
        raise WrongInputError(
            N_("The doors open between 0 and {minutes} minutes before the begin."),
            "doors",
            minutes=round(MAX_DOORS_S / 60),
        )


def checked_address(text: str, hosts: frozenset[str]) -> str:
    """The address as the sites dial it, "" for none; raises `WrongInputError` where they do not:
    it is none, or its host is not among `hosts`."""
    if not text.strip():
        return ""
    try:
        address = Address.parse(text)
    except AddressError as error:
        raise WrongInputError(
            N_("This address cannot be dialled: {why}."), "address", why=error
        ) from error
    if not allowed(address, hosts):
        raise WrongInputError(NOT_DIALLED, "address", host=address.host,
                              hosts=", ".join(sorted(hosts)))  # fmt: skip
    return str(address)


def _digits(text: str, name: str) -> str:
    """An ID or a PIN as people type it, "724 999#"; never named in the error: it may be a PIN."""
    digits = re.sub(r"[\s.-]+|#$", "", text.strip())
    if digits and not DIGITS.fullmatch(digits):
        raise WrongInputError(
            N_("An ID and a PIN of a conference have 1 to {most} digits and nothing else."),
            name,
            most=MAX_DIGITS,
        )
    return digits


def _line(text: str, field: str, longest: int) -> str:
    line = " ".join(text.split())
    if len(line) > longest or not (line.isprintable() or not line):
        raise WrongInputError(
            N_("It has more than {most} letters, or is not in one line."), field, most=longest
        )
    return line
