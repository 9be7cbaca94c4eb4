"""Meetings that are over and still have sites in them: for the first page.

A meeting is over when its end is past or when a chair has ended it. Its sites may stay for three
hours, and whoever is responsible finds the chair's page from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.province.fleet.readiness import SiteStatus
from services.province.floor.ended import Ended, Marks, ended_of
from services.province.floor.participants import OccurrenceKey, present_participations
from services.province.schedule.feeds import Schedule
from services.province.schedule.ical import Occurrence


@dataclass(frozen=True, slots=True)
class Overrun:
    """A meeting that is over, and the ids of the invited sites that are still in it."""

    meeting: Occurrence
    sites: frozenset[str]
    ended: Ended | None
    """Who ended it, and when; None where it is past its end and nobody did."""
    over_s: float
    """So long it is past its end; below 0 where it was ended before."""


def is_ended(occurrence: Occurrence, marks: Marks) -> bool:
    """Whether a chair has ended this occurrence as it stands now."""
    return marks.get((occurrence.meeting_id, occurrence.instance)) == occurrence.begin


def over(around: Iterable[Occurrence], marks: Marks, now: float) -> list[Occurrence]:
    """Those of `around` that are past their end at `now` (POSIX s), or ended."""
    return [one for one in around if one.end <= now or is_ended(one, marks)]


def overruns(
    session: Session,
    schedule: Schedule,
    around: Iterable[Occurrence],
    marks: Marks,
    statuses: Mapping[str, SiteStatus],
    now: float,
) -> tuple[Overrun, ...]:
    """Those of `around` (by begin) that are over and have sites in them, by begin.

    A site is in where the room has it or where it says so itself.
    """
    found = []
    for one in over(around, marks, now):
        invited = schedule.invited(one) & statuses.keys()
        key = OccurrenceKey(one.meeting_id, one.instance)
        inside = {row.site_id for row in present_participations(session, key)} & invited
        inside |= {site for site in invited if _reports_in(statuses[site], one)}
        if inside:
            sites = frozenset(site for site in inside if site)
            found.append(Overrun(one, sites, ended_of(session, one), now - one.end))
    return tuple(found)


def _reports_in(status: SiteStatus, occurrence: Occurrence) -> bool:
    return status.in_meeting and status.meeting == occurrence.uid
