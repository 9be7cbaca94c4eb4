"""The data of the first page: the meeting that is on or next, and the status of its sites."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, case, cast, select
from sqlalchemy.orm import Session

from services.province.fleet.readiness import LatestReport, SiteStatus, State, is_near, site_status
from services.province.passed_over import recent
from services.province.schedule.feeds import Schedule, next_meeting
from services.province.schedule.ical import Occurrence
from services.province.sites.tree import SiteName, Tree
from services.province.storage.reports import alarms_column, fields_of, listed_alarms
from services.province.storage.tables import LastReport

AHEAD_S = 7 * 24 * 3600.0
MAX_LISTED = 200
"""Sites in need on the first page; more than that have one cause, not two hundred."""


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
    """How many sites of a branch have which state."""

    name: str
    counts: dict[State, int]

    @property
    def total(self) -> int:
        """All its sites."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the first page shows."""

    meeting: Occurrence | None
    running: bool
    counts: dict[State, int]
    branches: tuple[BranchCounts, ...]
    needing: tuple[SiteRow, ...]
    more: int
    """So many more are in need than are listed."""
    upcoming: tuple[Occurrence, ...]
    passed_over: int
    """So many messages or rows could not be used within a day."""


def overview(session: Session, now: float) -> Overview:
    """The page at `now`: of the meeting that is on or next, else of all sites."""
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, now)
    occurring = schedule.between(now, now + AHEAD_S)
    meeting = next_meeting(occurring, now)
    sites = schedule.invited(meeting) if meeting is not None else set(tree.sites)
    sites &= set(tree.sites)
    close = meeting is not None and is_near(now, meeting.begin, meeting.end)
    statuses = statuses_of(session, sites, now, close=close)
    counts = dict.fromkeys(State, 0)
    by_branch: dict[str, dict[State, int]] = {}
    rows = []
    for site_id in sites:
        site, status = tree.sites[site_id], statuses[site_id]
        branch = tree.branch_of(site_id).name
        counts[status.state] += 1
        by_branch.setdefault(branch, dict.fromkeys(State, 0))[status.state] += 1
        if status.state in (State.SILENT, State.HELP):
            rows.append(SiteRow(site, branch, status))
    rows.sort(key=lambda row: (_urgency(row), row.branch, row.site.name, row.site.id))
    return Overview(
        meeting,
        meeting is not None and meeting.begin <= now,
        counts,
        tuple(BranchCounts(name, found) for name, found in sorted(by_branch.items())),
        tuple(rows[:MAX_LISTED]),
        max(0, len(rows) - MAX_LISTED),
        tuple(occurring[:8]),
        recent(session, now),
    )


def statuses_of(
    session: Session, sites: Iterable[str], now: float, *, close: bool
) -> dict[str, SiteStatus]:
    """Each site's status; `close`: a meeting is near or on."""
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
    return {site: site_status(found, now, close=close) for site, found in reports.items()}


@lru_cache(maxsize=16_384)
def _parse(text: str | None) -> Any:
    """JSON that is mostly the same at each reading, and of each site."""
    return json.loads(text) if text else None


def _urgency(row: SiteRow) -> tuple[int, int]:
    # Sites that somebody sees to already come after the others.
    return (1 if row.site.helper else 0, 0 if row.status.state is State.SILENT else 1)
