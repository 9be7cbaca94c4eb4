"""The first page as values: the meeting that people look to, and how its sites stand."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, case, cast, select
from sqlalchemy.orm import Session

from services.province.fleet.readiness import Heard, Standing, State, judge, near
from services.province.schedule.feeds import Schedule, next_meeting
from services.province.schedule.ical import Occurrence
from services.province.sites.tree import SiteName, Tree
from services.province.storage.tables import LastReport

AHEAD_S = 7 * 24 * 3600.0
MOST_LISTED = 200
"""Sites in need on the first page; who has more has one cause, not two hundred."""


@dataclass(frozen=True, slots=True)
class Row:
    """One site and its standing."""

    site: SiteName
    branch: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Branch:
    """How many of a branch stand how."""

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
    branches: tuple[Branch, ...]
    needing: tuple[Row, ...]
    more: int
    """So many more are in need than listed."""
    upcoming: tuple[Occurrence, ...]


def overview(session: Session, now: float) -> Overview:
    """How things stand at `now` for the meeting that is on or next, else for all sites."""
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, now)
    occurring = schedule.between(now, now + AHEAD_S)
    meeting = next_meeting(occurring, now)
    sites = schedule.invited(meeting) if meeting is not None else set(tree.sites)
    sites &= set(tree.sites)
    close = meeting is not None and near(now, meeting.begin, meeting.end)
    standings = standings_of(session, sites, now, close=close)
    counts = dict.fromkeys(State, 0)
    by_branch: dict[str, dict[State, int]] = {}
    rows = []
    for number in sites:
        site, standing = tree.sites[number], standings[number]
        branch = tree.branch_of(number).name
        counts[standing.state] += 1
        by_branch.setdefault(branch, dict.fromkeys(State, 0))[standing.state] += 1
        if standing.state in (State.SILENT, State.HELP):
            rows.append(Row(site, branch, standing))
    rows.sort(key=lambda row: (_urgency(row), row.branch, row.site.name, row.site.id))
    return Overview(
        meeting,
        meeting is not None and meeting.begin <= now,
        counts,
        tuple(Branch(name, found) for name, found in sorted(by_branch.items())),
        tuple(rows[:MOST_LISTED]),
        max(0, len(rows) - MOST_LISTED),
        tuple(occurring[:8]),
    )


def standings_of(
    session: Session, sites: Iterable[str], now: float, *, close: bool
) -> dict[str, Standing]:
    """Each site's standing; `close`: a meeting is near or on."""
    wanted = set(sites)
    heard: dict[str, dict[str, Heard]] = {site: {} for site in wanted}
    # Of a site's health the alarms alone: to read its figures, a thousand times, would take longer
    # than all the rest.
    alarms = LastReport.state["alarms"]
    state = cast(case((LastReport.kind == "health", alarms), else_=LastReport.state), Text)
    columns = (
        LastReport.site_id, LastReport.kind, LastReport.at, LastReport.received_at, state,
    )  # fmt: skip
    question = select(*columns)
    if len(wanted) <= 1:
        question = question.where(LastReport.site_id.in_(wanted))
    for site, kind, at, received_at, told in session.connection().execute(question):
        if site in wanted:
            read = _read(told)
            heard[site][kind] = Heard(
                at, received_at, {"alarms": read} if kind == "health" else read
            )
    return {site: judge(reports, now, close=close) for site, reports in heard.items()}


@lru_cache(maxsize=16_384)
def _read(told: str | None) -> Any:
    """JSON that is mostly the same from look to look, and from site to site."""
    return json.loads(told) if told else None


def _urgency(row: Row) -> tuple[int, int]:
    # Whoever is being helped already may wait behind those whom nobody sees to.
    return (1 if row.site.helper else 0, 0 if row.standing.state is State.SILENT else 1)
