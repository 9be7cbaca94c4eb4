"""Which meetings take place when and for which sites: feeds, the next meeting, overlaps."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from services.province.schedule.broken_rows import tell_broken
from services.province.schedule.ical import (
    BrokenRow,
    Entry,
    Occurrence,
    calendar,
    occurrences,
)
from services.province.sites.tree import Tree, ancestors
from services.province.storage.tables import (
    GroupMember,
    Invitation,
    Meeting,
    OccurrenceChange,
    Site,
)

FEED_BEHIND_S = 7 * 24 * 3600.0
"""A site looks one day back; a calendar program of a person shows last week."""
MAX_FEED_MEETINGS = 1000
OVERLAPS_AHEAD_S = 60 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two meetings at one time that invite the same sites; a site can be in one only."""

    mine: Occurrence
    other: Occurrence
    sites: tuple[str, ...]


@dataclass(slots=True)
class Schedule:
    """All meetings that are on or ahead, with their guests; read in three queries."""

    meetings: dict[int, Meeting] = field(default_factory=dict)
    changes: dict[int, list[OccurrenceChange]] = field(default_factory=dict)
    guests: dict[int, set[str]] = field(default_factory=dict)
    broken: dict[int, BrokenRow] = field(default_factory=dict)
    """By meeting, what was passed over so far because it cannot be worked out."""

    @classmethod
    def load(cls, session: Session, tree: Tree, now: float) -> "Schedule":
        """Those that are not cancelled and not over for good."""
        schedule = cls()
        for meeting in session.scalars(not_over(now).where(Meeting.cancelled.is_(False))):
            schedule.meetings[meeting.id] = meeting
        meeting_ids = list(schedule.meetings)
        schedule.changes = changes_of(session, meeting_ids)
        rows = select(Invitation).where(
            Invitation.withdrawn.is_(False), Invitation.meeting_id.in_(meeting_ids)
        )
        invited: dict[int, set[str]] = defaultdict(set)
        for meeting_id, sites in invited_sites(session, tree, session.scalars(rows)):
            invited[meeting_id] |= sites
        schedule.guests = dict(invited)
        return schedule

    def between(self, begin: float, end: float) -> list[Occurrence]:
        """What takes place within ``[begin, end)``, by begin."""
        broken: list[BrokenRow] = []
        found = [
            one
            for meeting in self.meetings.values()
            for one in occurrences(meeting, self.changes.get(meeting.id, ()), begin, end, broken)
        ]
        self.broken |= {row.meeting_id: row for row in reversed(broken)}
        tell_broken(broken)
        return sorted(found, key=lambda one: (one.begin, one.uid))

    def invited(self, occurrence: Occurrence) -> set[str]:
        """The sites that belong to it."""
        return self.guests.get(occurrence.meeting_id, set())

    def overlaps(self, meeting_id: int, now: float) -> list[Overlap]:
        """With which others a meeting shares time and sites, within two months."""
        listed = self.between(now, now + OVERLAPS_AHEAD_S)
        found = []
        for mine in listed:
            if mine.meeting_id != meeting_id:
                continue
            for other in listed:
                if other.meeting_id == meeting_id:
                    continue
                if other.begin < mine.end and other.end > mine.begin:
                    shared = self.invited(mine) & self.invited(other)
                    if shared:
                        found.append(Overlap(mine, other, tuple(sorted(shared))))
        return found


def site_feed(session: Session, site: Site, now: float) -> bytes:
    """The iCalendar feed of one site: its meetings, and as cancelled those that it left."""
    branches = ancestors(session, site.place_id)
    mine = or_(Invitation.site_id == site.id, Invitation.place_id.in_(branches))
    rows = session.execute(select(Invitation.meeting_id, Invitation.withdrawn).where(mine)).all()
    active = {row.meeting_id for row in rows if not row.withdrawn}
    known = active | {row.meeting_id for row in rows}
    left = Invitation.withdrawn | GroupMember.withdrawn
    by_group = (
        select(Invitation.meeting_id, left.label("withdrawn"))
        .select_from(Invitation)
        .join(GroupMember, GroupMember.group_id == Invitation.group_id)
        .where(GroupMember.site_id == site.id)
    )
    for row in session.execute(by_group):
        known.add(row.meeting_id)
        if not row.withdrawn:
            active.add(row.meeting_id)
    meetings = session.scalars(
        not_over(now - FEED_BEHIND_S).where(Meeting.id.in_(known)).limit(MAX_FEED_MEETINGS)
    ).all()
    series = [meeting.id for meeting in meetings if meeting.rule]
    changes = changes_of(session, series) if series else {}
    entries = [
        Entry(meeting, changes.get(meeting.id, ()), meeting.id not in active, site.id)
        for meeting in meetings
    ]
    broken: list[BrokenRow] = []
    feed = calendar(site.name, entries, broken)
    tell_broken(broken)
    return feed


def invited_sites(
    session: Session, tree: Tree, rows: Iterable[Invitation], *, left: bool = False
) -> Iterator[tuple[int, set[str]]]:
    """For each invitation its meeting and sites; with `left` also the sites that left a group.

    Places and sites that are in the tree no more are passed over.
    """
    groups: dict[int, set[str]] = defaultdict(set)
    for member in session.scalars(select(GroupMember)):
        if left or not member.withdrawn:
            groups[member.group_id].add(member.site_id)
    for row in rows:
        if row.group_id is not None:
            yield row.meeting_id, groups[row.group_id]
        elif row.site_id is not None:
            yield row.meeting_id, {row.site_id}
        elif row.place_id in tree.places:
            yield row.meeting_id, set(tree.sites_below(row.place_id))


def changes_of(session: Session, meetings: Iterable[int]) -> dict[int, list[OccurrenceChange]]:
    """The changed occurrences of each of these meetings."""
    found: dict[int, list[OccurrenceChange]] = {}
    rows = (
        select(OccurrenceChange)
        .where(OccurrenceChange.meeting_id.in_(list(meetings)))
        .order_by(OccurrenceChange.meeting_id, OccurrenceChange.instance)
    )
    for row in session.scalars(rows):
        found.setdefault(row.meeting_id, []).append(row)
    return found


def next_meeting(occurring: Sequence[Occurrence], now: float) -> Occurrence | None:
    """The meeting that people look to: one that is on, else the next."""
    return next((one for one in occurring if one.end > now), None)


def not_over(since: float) -> Select[Meeting]:
    """The meetings that are not over for good at `since`, cancelled ones too."""
    return (
        select(Meeting)
        .where(or_(Meeting.rule != "", Meeting.begin + Meeting.length_s > since))
        .order_by(Meeting.begin, Meeting.uid)
    )
