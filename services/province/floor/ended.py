"""Meetings that somebody ended at the chair's page: kept in the database, told to every site.

A row is of one occurrence as it stood: of one that is moved afterwards nothing is ended. It counts
from when the sites may be in (the doors, and a quarter hour before the begin at the least) until no
site stays any longer by itself, three hours after the end; until then it can be taken back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from appliance.core.decision import NEAR_S
from appliance.core.meetings.due import MAX_OVERRUN_S
from appliance.wire.meeting import MAX_DOORS_S
from appliance.wire.meeting import EndedMeeting as ToldAsEnded
from services.province.floor.participants import OccurrenceKey
from services.province.schedule.feeds import Schedule
from services.province.schedule.ical import Occurrence
from services.province.sites.tree import Tree
from services.province.storage.tables import EndedMeeting

KEPT_S = 2 * 86400.0
"""No row counts for longer: a meeting has a day at the most, and three hours over time."""


@dataclass(frozen=True, slots=True)
class Ended:
    """When a meeting was ended (POSIX s), and by which account."""

    at: float
    by: str


def can_be_ended(occurrence: Occurrence, now: float) -> bool:
    """Whether sites may be in it at `now` (POSIX s)."""
    early_s = max(NEAR_S, occurrence.doors_s)
    return occurrence.begin - early_s <= now < occurrence.end + MAX_OVERRUN_S


def end_meeting(session: Session, occurrence: Occurrence, now: float, by: str) -> None:
    """End this occurrence for all sites; who was first is kept where two press at once."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    row = {
        "meeting_id": occurrence.meeting_id,
        "instance": occurrence.instance,
        "begin": occurrence.begin,
        "at": now,
        "by": by[:60],
    }
    key = ["meeting_id", "instance"]
    moved = EndedMeeting.begin != occurrence.begin
    session.execute(
        insert(EndedMeeting)
        .values(row)
        .on_conflict_do_update(index_elements=key, set_=row, where=moved)
    )


def take_up_again(session: Session, key: OccurrenceKey) -> bool:
    """Let it go on; False where it was not ended (any more)."""
    row = session.get(EndedMeeting, (key.meeting_id, key.instance))
    if row is None:
        return False
    session.delete(row)
    return True


def ended_of(session: Session, occurrence: Occurrence) -> Ended | None:
    """Who ended this occurrence as it stands now, and when; None where nobody did."""
    row = session.get(EndedMeeting, (occurrence.meeting_id, occurrence.instance))
    if row is None or row.begin != occurrence.begin:
        return None
    return Ended(row.at, row.by)


Marks = Mapping[tuple[int, float], float]
"""By meeting and instance the begin of those that were ended."""


def ended_marks(session: Session, now: float) -> Marks:
    """All that may count at `now`: one small query."""
    rows = select(EndedMeeting).where(EndedMeeting.at > now - KEPT_S)
    return {(row.meeting_id, row.instance): row.begin for row in session.scalars(rows)}


def ended_by_site(
    session: Session, marks: Marks, now: float
) -> Mapping[str, tuple[ToldAsEnded, ...]]:
    """What each site is told, the newest first; sites of which nothing was ended are left out."""
    found: dict[str, tuple[ToldAsEnded, ...]] = {}
    if not marks:
        return found
    for one, sites in reversed(meetings_around(session, now)):
        if marks.get((one.meeting_id, one.instance)) == one.begin:
            for site in sites:
                found[site] = (*found.get(site, ()), (one.uid, round(one.begin)))
    return found


def meetings_around(session: Session, now: float) -> list[tuple[Occurrence, set[str]]]:
    """The meetings in which sites may be at `now`, by begin, with the invited sites."""
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, now - MAX_OVERRUN_S)
    around: Iterable[Occurrence] = schedule.between(now - MAX_OVERRUN_S, now + MAX_DOORS_S)
    return [(one, schedule.invited(one) & set(tree.sites)) for one in around]
