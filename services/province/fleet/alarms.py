"""The data of the alarms page: the active alarms of all sites, and those that ended lately."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.errors import NotFoundError
from services.province.fleet.overview import statuses_of
from services.province.fleet.readiness import (
    SILENT_KEY,
    Reason,
    SiteStatus,
    State,
    known_severity,
)
from services.province.sites.tree import Branch, SiteName, Tree
from services.province.storage.history_tables import AlarmEpisode

MAX_ACTIVE = 200
MAX_ENDED = 100
ENDED_S = 7 * 86_400.0
SEVERITIES = (3, 2, 1)
BRANCH_DEPTH = 1
"""The filter offers the province and what is right below it; a single commune is one page."""
WAS_SILENT = N_("Nothing was heard from this site.")


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """One active alarm of one site; ``since`` is None where it is not known."""

    site: SiteName
    branch: str
    reason: Reason
    since: float | None


@dataclass(frozen=True, slots=True)
class EndedAlarm:
    """One that has ended; times are POSIX seconds."""

    site: SiteName
    text: Reason
    began_at: float
    ended_at: float
    helper: str


@dataclass(frozen=True, slots=True)
class AlarmsView:
    """All that the page shows."""

    place: Branch | None
    branches: tuple[tuple[int, Branch], ...]
    """Places to choose from, each with its depth."""
    counts: dict[int, int]
    """Active alarms by severity."""
    active: tuple[ActiveAlarm, ...]
    more: int
    ended: tuple[EndedAlarm, ...]


def alarms_view(session: Session, now: float, place: int | None = None) -> AlarmsView:
    """The alarms of the branch `place`, of all sites without one; raises `NotFoundError`."""
    tree = Tree.load(session)
    if place is not None and place not in tree.places:
        raise NotFoundError(N_("There is no such branch any more."))
    sites = list(tree.sites) if place is None else tree.sites_below(place)
    active = sorted(
        _active(tree, statuses_of(session, sites, now, close=False), _begins(session)),
        key=lambda one: (-one.reason.severity, -(one.since or 0.0), one.site.name, one.site.id),
    )
    counts = {level: sum(one.reason.severity == level for one in active) for level in SEVERITIES}
    return AlarmsView(
        None if place is None else tree.places[place],
        tuple((depth, one) for depth, one in tree.listed() if depth <= BRANCH_DEPTH),
        counts,
        tuple(active[:MAX_ACTIVE]),
        max(0, len(active) - MAX_ACTIVE),
        ended_alarms(session, tree, sites, now - ENDED_S),
    )


def ended_alarms(
    session: Session, tree: Tree, sites: Sequence[str], since: float
) -> tuple[EndedAlarm, ...]:
    """What ended at these sites after `since`, the newest first."""
    wanted = select(AlarmEpisode).where(AlarmEpisode.ended_at > since)
    if len(sites) < len(tree.sites):
        wanted = wanted.where(AlarmEpisode.site_id.in_(sites))
    wanted = wanted.order_by(AlarmEpisode.ended_at.desc(), AlarmEpisode.id.desc())
    return tuple(
        EndedAlarm(tree.sites[row.site_id], _reason(row), row.began_at, row.ended_at, row.helper)
        for row in session.scalars(wanted.limit(MAX_ENDED))
        if row.ended_at is not None and row.site_id in tree.sites
    )


def _active(
    tree: Tree, statuses: Mapping[str, SiteStatus], began: Mapping[tuple[str, str], float]
) -> Iterable[ActiveAlarm]:
    for site_id, status in statuses.items():
        for reason in status.alarms:
            begin = began.get((site_id, reason.code)) or reason.since or None
            since = status.heard_at if status.state is State.SILENT else begin
            yield ActiveAlarm(tree.sites[site_id], tree.branch_of(site_id).name, reason, since)


def _begins(session: Session) -> Mapping[tuple[str, str], float]:
    """When active alarms began, by site and code: a site without the time, or whose program was
    restarted, reports another time."""
    columns = (AlarmEpisode.site_id, AlarmEpisode.code, AlarmEpisode.began_at)
    active = select(*columns).where(AlarmEpisode.ended_at.is_(None))
    return {(row.site_id, row.code): row.began_at for row in session.execute(active)}


def _reason(row: AlarmEpisode) -> Reason:
    if row.key == SILENT_KEY:
        return Reason(WAS_SILENT, "", severity=known_severity(row.severity))
    texts = {locale: word for locale, word in row.text.items() if isinstance(word, str)}
    return Reason(
        texts.get("vi") or texts.get("en") or row.key,
        "",
        code=row.code,
        severity=known_severity(row.severity),
        text_en=texts.get("en", ""),
        detail=row.detail,
    )
