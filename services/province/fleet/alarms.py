"""The alarms page as values: what stands now at all sites, and what stood lately."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.errors import NotFoundError
from services.province.fleet.overview import standings_of
from services.province.fleet.readiness import SILENT_KEY, Reason, Standing, State
from services.province.sites.tree import Branch, SiteName, Tree
from services.province.storage.history_tables import AlarmEpisode

MOST_STANDING = 200
MOST_PAST = 100
PAST_S = 7 * 86_400.0
SEVERITIES = (3, 2, 1)
BRANCH_DEPTH = 1
"""The filter offers the province and what is right below it; a single commune is one page."""
WAS_SILENT = N_("Nothing was heard from this site.")


@dataclass(frozen=True, slots=True)
class Held:
    """One alarm that stands at one site; ``since`` is None where nobody knows."""

    site: SiteName
    branch: str
    reason: Reason
    since: float | None


@dataclass(frozen=True, slots=True)
class Past:
    """One that is over; POSIX seconds."""

    site: SiteName
    text: Reason
    began_at: float
    ended_at: float
    helper: str


@dataclass(frozen=True, slots=True)
class Board:
    """All that the page shows."""

    place: Branch | None
    branches: tuple[tuple[int, Branch], ...]
    """Places to choose from, each with its depth."""
    counts: dict[int, int]
    """Alarms that stand, by severity."""
    held: tuple[Held, ...]
    more: int
    past: tuple[Past, ...]


def board(session: Session, now: float, place: int | None = None) -> Board:
    """The alarms of the branch `place`, of all sites without one; raises `NotFoundError`."""
    tree = Tree.load(session)
    if place is not None and place not in tree.places:
        raise NotFoundError(N_("There is no such branch any more."))
    sites = list(tree.sites) if place is None else tree.sites_below(place)
    held = sorted(
        _held(tree, standings_of(session, sites, now, close=False), _beginnings(session)),
        key=lambda one: (-one.reason.severity, -(one.since or 0.0), one.site.name, one.site.id),
    )
    counts = {level: sum(one.reason.severity == level for one in held) for level in SEVERITIES}
    return Board(
        None if place is None else tree.places[place],
        tuple((depth, one) for depth, one in tree.listed() if depth <= BRANCH_DEPTH),
        counts,
        tuple(held[:MOST_STANDING]),
        max(0, len(held) - MOST_STANDING),
        past(session, tree, sites, now - PAST_S),
    )


def past(session: Session, tree: Tree, sites: Sequence[str], since: float) -> tuple[Past, ...]:
    """What ended at these sites after `since`, the newest first."""
    wanted = select(AlarmEpisode).where(AlarmEpisode.ended_at > since)
    if len(sites) < len(tree.sites):
        wanted = wanted.where(AlarmEpisode.site_id.in_(sites))
    wanted = wanted.order_by(AlarmEpisode.ended_at.desc(), AlarmEpisode.id.desc())
    return tuple(
        Past(tree.sites[row.site_id], _told(row), row.began_at, row.ended_at, row.helper)
        for row in session.scalars(wanted.limit(MOST_PAST))
        if row.ended_at is not None and row.site_id in tree.sites
    )


def _held(
    tree: Tree, standings: Mapping[str, Standing], began: Mapping[tuple[str, str], float]
) -> Iterable[Held]:
    for number, standing in standings.items():
        for reason in (*standing.reasons, *standing.notes):
            told = began.get((number, reason.code)) or reason.since or None
            since = standing.heard_at if standing.state is State.SILENT else told
            yield Held(tree.sites[number], tree.branch_of(number).name, reason, since)


def _beginnings(session: Session) -> Mapping[tuple[str, str], float]:
    """Of what stands, by site and code: a site without the time, or whose program was restarted,
    tells another hour."""
    columns = (AlarmEpisode.site_id, AlarmEpisode.code, AlarmEpisode.began_at)
    standing = select(*columns).where(AlarmEpisode.ended_at.is_(None))
    return {(row.site_id, row.code): row.began_at for row in session.execute(standing)}


def _told(row: AlarmEpisode) -> Reason:
    if row.key == SILENT_KEY:
        return Reason(WAS_SILENT, "", severity=row.severity)
    return Reason(
        row.text.get("vi") or row.text.get("en") or row.key,
        "",
        code=row.code,
        severity=row.severity,
        text_en=row.text.get("en", ""),
        detail=row.detail,
    )
