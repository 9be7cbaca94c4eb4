"""The data of the first page: the meeting that is on or next, and the status of its sites."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, case, cast, func, select
from sqlalchemy.orm import Session

from appliance.core.meetings.due import MAX_OVERRUN_S
from services.province.fleet.arrivals import Expected, expected
from services.province.fleet.readiness import (
    TESTED_WITHIN_S,
    LastTest,
    LatestReport,
    SiteStatus,
    State,
    is_near,
    site_status,
)
from services.province.floor.ended import ended_marks
from services.province.floor.overruns import Overrun, is_ended, over, overruns
from services.province.history.events import EventKind
from services.province.passed_over import recent
from services.province.schedule.feeds import Schedule, next_meeting
from services.province.schedule.ical import Occurrence
from services.province.sites.tree import SiteName, Tree
from services.province.storage.history_tables import SiteEvent
from services.province.storage.reports import alarms_column, fields_of, listed_alarms
from services.province.storage.tables import LastReport

AHEAD_S = 7 * 24 * 3600.0
MAX_LISTED = 200
"""Sites in need on the first page; more than that have one cause, not two hundred."""

_URGENT = (State.SILENT, State.HELP, State.LATE)

TESTS = (EventKind.SELF_TEST, EventKind.REHEARSAL)

MAX_CACHED = 2000
"""Letters: so much has a report of an ordinary site; sixty thousand would fill the memory."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site and its status."""

    site: SiteName
    branch: str
    status: SiteStatus


@dataclass(frozen=True, slots=True)
class BranchCounts:
    """How many sites of a branch have which state; see `Overview.counts`."""

    name: str
    counts: dict[State, int]


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the first page shows."""

    meeting: Occurrence | None
    running: bool
    counts: dict[State, int]
    """Sites by state. Who is in the meeting and needs help counts in both."""
    periods: dict[str, int]
    """Of them, how many wait for the opening, are over time, or were left by hand."""
    sites: int
    branches: tuple[BranchCounts, ...]
    needing: tuple[SiteRow, ...]
    """Whoever needs help or is silent, the most urgent first."""
    untested: tuple[SiteName, ...]
    coming_until: float | None
    """When the last of those comes in that are still coming (POSIX s)."""
    never: tuple[SiteName, ...]
    """Sites of which nothing was ever heard."""
    more: int
    """So many more are in need than are listed."""
    upcoming: tuple[Occurrence, ...]
    passed_over: int
    """So many messages or rows could not be used within a day."""
    overruns: tuple[Overrun, ...]
    """Meetings that are over and have sites in them, which no other count here is about."""

    @property
    def all_ready(self) -> bool:
        """Whether it is true of each of them."""
        open_ends = self.needing or self.untested or self.never or self.coming_until
        return self.sites > 0 and not open_ends


def overview(session: Session, now: float, *, tested_within_s: float = TESTED_WITHIN_S) -> Overview:
    """The page at `now`: of the meeting that is on or next, else of all sites.

    One that a chair has ended is neither, though its planned end may be hours away.
    """
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, now - MAX_OVERRUN_S)
    around = schedule.between(now - MAX_OVERRUN_S, now + AHEAD_S)
    marks = ended_marks(session, now)
    occurring = [one for one in around if one.end > now and not is_ended(one, marks)]
    meeting = next_meeting(occurring, now)
    sites = schedule.invited(meeting) if meeting is not None else set(tree.sites)
    sites &= set(tree.sites)
    close = meeting is not None and is_near(now, meeting.begin, meeting.end)
    arrivals: dict[str, Expected] = {}
    open_doors = meeting is not None and meeting.begin - meeting.doors_s <= now
    if meeting is not None and open_doors:
        arrivals = {site: expected(site, meeting.begin, meeting.doors_s) for site in sites}
    may_stay = {site for one in over(around, marks, now) for site in schedule.invited(one)}
    wanted = sites | (may_stay & set(tree.sites))
    everyone = statuses_of(
        session, wanted, now, close=close, tested_within_s=tested_within_s, arrivals=arrivals
    )
    statuses = {site: everyone[site] for site in sites}
    staying = overruns(session, schedule, around, marks, everyone, now)
    coming = [arrivals[site].at for site in sites if statuses[site].state is State.COMING]
    counts = dict.fromkeys(State, 0)
    periods: dict[str, int] = {}
    by_branch: dict[str, dict[State, int]] = {}
    rows = []
    for site_id in sites:
        site, status = tree.sites[site_id], statuses[site_id]
        branch = tree.branch_of(site_id).name
        in_branch = by_branch.setdefault(branch, dict.fromkeys(State, 0))
        for state in {status.state} | ({State.MEETING} if status.in_meeting else set()):
            counts[state] += 1
            in_branch[state] += 1
        if status.period:
            periods[status.period] = periods.get(status.period, 0) + 1
        if status.state in _URGENT:
            rows.append(SiteRow(site, branch, status))
    for site_id in {site for one in staying for site in one.sites} - sites:
        if everyone[site_id].state in _URGENT:
            branch = tree.branch_of(site_id).name
            rows.append(SiteRow(tree.sites[site_id], branch, everyone[site_id]))
    rows.sort(key=lambda row: (_urgency(row), row.branch, row.site.name, row.site.id))
    return Overview(
        meeting,
        meeting is not None and meeting.begin <= now,
        counts,
        periods,
        len(sites),
        tuple(BranchCounts(name, found) for name, found in sorted(by_branch.items())),
        tuple(rows[:MAX_LISTED]),
        _named(tree, statuses, State.UNTESTED),
        max(coming, default=None),
        _named(tree, statuses, State.NEVER),
        max(0, len(rows) - MAX_LISTED),
        tuple(occurring[:8]),
        recent(session, now),
        staying,
    )


def _named(tree: Tree, statuses: Mapping[str, SiteStatus], state: State) -> tuple[SiteName, ...]:
    found = [tree.sites[site] for site, status in statuses.items() if status.state is state]
    return tuple(sorted(found, key=lambda site: (site.name, site.id)))


def statuses_of(
    session: Session,
    sites: Iterable[str],
    now: float,
    *,
    close: bool,
    tested_within_s: float = TESTED_WITHIN_S,
    arrivals: Mapping[str, Expected] | None = None,
) -> dict[str, SiteStatus]:
    """Each site's status; `close`: a meeting is near or on; `arrivals`: its doors are open."""
    coming = arrivals or {}
    wanted = set(sites)
    reports: dict[str, dict[str, LatestReport]] = {site: {} for site in wanted}
    state = cast(case((LastReport.kind == "health", alarms_column()), else_=LastReport.state), Text)
    columns = (
        LastReport.site_id, LastReport.kind, LastReport.at, LastReport.received_at, state,
    )  # fmt: skip
    query = select(*columns)
    if len(wanted) <= 1:
        query = query.where(LastReport.site_id.in_(wanted))
    for site, kind, at, received_at, text in session.connection().execute(query):
        if site in wanted:
            read = _parse(text) if len(text or "") <= MAX_CACHED else json.loads(text)
            if kind == "health":
                read = {"alarms": listed_alarms(read)}
            reports[site][kind] = LatestReport(at, received_at, fields_of(read))
    tests = last_tests(session, now - tested_within_s)
    return {
        site: site_status(
            found,
            now,
            close=close,
            test=tests.get(site),
            tested_within_s=tested_within_s,
            arrival=coming.get(site),
        )
        for site, found in reports.items()
    }


def last_tests(session: Session, since: float) -> dict[str, LastTest]:
    """Each site's newest self-test or rehearsal after `since` (POSIX s)."""
    at = func.max(SiteEvent.at)
    query = (
        select(SiteEvent.site_id, SiteEvent.detail, at)
        .where(SiteEvent.kind.in_(TESTS), SiteEvent.at > since)
        .group_by(SiteEvent.site_id, SiteEvent.detail)
        .order_by(at)
    )
    return {site: LastTest(when, result) for site, result, when in session.execute(query)}


@lru_cache(maxsize=16_384)
def _parse(text: str | None) -> Any:
    """JSON that is mostly the same at each reading, and of each site."""
    return json.loads(text) if text else None


def _urgency(row: SiteRow) -> tuple[int, int, int]:
    """Sites that somebody sees to already come after the others; then who can hold no meeting."""
    silent = row.status.state is State.SILENT
    worst = 4 if silent else max((one.severity for one in row.status.reasons), default=0)
    return (1 if row.site.helper else 0, -worst, 1 if row.status.in_meeting else 0)
