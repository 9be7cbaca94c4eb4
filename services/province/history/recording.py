"""Writes each batch of reports into history, in the batch's own transaction.

A report may come twice and late: what is written for it is the same row again. The site's clock
counts, so that what a site kept while its line was away gets the time at which it was made.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from appliance.wire.alarm import Alarm
from appliance.wire.report import Health
from appliance.wire.topics import Kind
from services.province.bounds import Buckets, Rate
from services.province.broker.batch_writer import Incoming
from services.province.fleet.readiness import SILENT_AFTER_S, SILENT_KEY
from services.province.history.episodes import apply_late, apply_newest
from services.province.history.events import MAX_CLOCK_AHEAD_S, events_of
from services.province.storage.history_tables import (
    KEEP_EVENTS_S,
    KEEP_MINUTES_S,
    MINUTE_S,
    MINUTES,
    AlarmEpisode,
    Minute,
    SiteEvent,
)
from services.province.storage.partitions import ensure_partitions
from services.province.storage.reports import alarms_column, listed_alarms
from services.province.storage.tables import LastReport, Site

CLOCK_ALARM = "clock"
"""The alarm of a site that does not know the time: its own times are not used."""
LATE_S = 190.0
"""A report that came so long after it was made was kept at the site: its line was away."""
FIGURES = ("soc_c", "loss_percent", "rtt_ms")
ROWS = Rate(per_s=10 / 3600, burst=300.0)
"""Of alarms and starts a restless site has some in an hour; after an outage those of a day."""
Afford = Callable[[str, float], bool]
MAX_FIGURE = 1e6
"""More than any of these can be; a broken sensor may report what four bytes cannot hold."""


@dataclass(frozen=True, slots=True)
class TimedReport:
    """One health report with the time by which history is ordered; POSIX seconds."""

    site: str
    health: Health
    at: float
    received_at: float
    alarms: tuple[Alarm, ...]

    @classmethod
    def of(cls, one: Incoming, health: Health) -> "TimedReport":
        """With the site's own times where its clock is right, else with ours."""
        alarms = health.alarms
        trusted = not any(alarm.key == CLOCK_ALARM for alarm in alarms)
        at = _report_time(health.id.at, one.received_at, trusted=trusted)
        if not trusted:
            alarms = tuple(replace(alarm, since=at) for alarm in alarms)
        return cls(one.site, health, at, one.received_at, alarms)


def new_budget() -> Buckets:
    """How many rows of alarms and events each site may add, for `record`."""
    return Buckets(ROWS)


def record(
    session: Session, batch: Iterable[Incoming], budget: Buckets | None = None
) -> Mapping[str, int]:
    """Write a batch of reports of known sites, before they become the last ones.

    Returns how many rows were left out of the sites that had more than their `budget`.
    """
    reports = [TimedReport.of(one, one.report) for one in batch if isinstance(one.report, Health)]
    left_out: Counter[str] = Counter()
    if not reports:
        return left_out
    reports.sort(key=lambda one: (one.site, one.at))

    def afford(site: str, at: float) -> bool:
        affordable = budget is None or budget.take(site, at)
        left_out[site] += not affordable
        return affordable

    _write_minutes(session, reports)
    _write_events(session, reports, afford)
    _write_alarms(session, reports, afford)
    return +left_out


def _write_minutes(session: Session, reports: Sequence[TimedReport]) -> None:
    rows: dict[tuple[str, int], dict[str, object]] = {}
    for one in reports:
        oldest = MINUTES.begin(one.received_at) - KEEP_MINUTES_S
        at = int(one.at // MINUTE_S) * MINUTE_S
        if at < oldest:
            continue  # its minutes were condensed into hours already
        rows.setdefault((one.site, at), {
            "site_id": one.site,
            "at": at,
            "late": one.received_at - one.at > LATE_S,
            **{name: _bounded(one.health.figures.get(name)) for name in FIGURES},
        })  # fmt: skip
    ensure_partitions(session, MINUTES, [at for _, at in rows])
    _insert_new(session, Minute, list(rows.values()))


def _bounded(figure: float | None) -> float | None:
    return figure if figure is not None and abs(figure) <= MAX_FIGURE else None


def _write_events(session: Session, reports: Sequence[TimedReport], afford: Afford) -> None:
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    arrived: dict[tuple[str, str, str], float] = {}
    for one in reports:
        for event in events_of(one.health, one.at):
            if event.at > one.received_at - KEEP_EVENTS_S:
                arrived.setdefault((one.site, event.kind, event.name), one.received_at)
                rows.setdefault((one.site, event.kind, event.name), {
                    "site_id": one.site,
                    "kind": event.kind,
                    "name": event.name,
                    "at": event.at,
                    "detail": event.detail,
                })  # fmt: skip
    if not rows:
        return
    # Each report repeats the site's last start: only what is new costs anything.
    columns = (SiteEvent.site_id, SiteEvent.kind, SiteEvent.name)
    sites, names = {key[0] for key in rows}, {key[2] for key in rows}
    found = select(*columns).where(SiteEvent.site_id.in_(sites), SiteEvent.name.in_(names))
    known = {(site, kind, name) for site, kind, name in session.execute(found)}
    new = [row for key, row in rows.items() if key not in known and afford(key[0], arrived[key])]
    _insert_new(session, SiteEvent, new)


def _insert_new(
    session: Session, table: type[Minute | SiteEvent], rows: list[dict[str, object]]
) -> None:
    """All that are not there yet, one statement for them all."""
    if rows:
        postgres = session.get_bind().dialect.name == "postgresql"
        into = postgresql.insert if postgres else sqlite.insert
        session.execute(into(table).on_conflict_do_nothing(), rows)


def _write_alarms(session: Session, reports: Sequence[TimedReport], afford: Afford) -> None:
    newest = _newest(session, {one.site for one in reports})
    late_from = {
        one.site: one.at for one in reversed(reports) if one.at < newest.get(one.site, one.at)
    }
    rows = _episodes(session, {one.site for one in reports}, late_from.values())
    helpers: Mapping[str, str] | None = None
    for one in reports:
        before, known = newest.get(one.site), rows.setdefault(one.site, [])
        alarms = one.alarms
        if before is not None and one.at <= before:
            # The same one again adds nothing.
            made = apply_late(one.site, known, alarms, one.at) if one.at < before else []
        else:
            newest[one.site] = one.at
            gone = {row.key for row in known if row.ended_at is None}
            if helpers is None and gone - {alarm.key for alarm in alarms}:
                helpers = _helpers(session)
            made = apply_newest(one.site, known, alarms, one.at, (helpers or {}).get(one.site, ""))
            if before is not None and one.at - before > SILENT_AFTER_S:
                made.append(_silence(one.site, before, one.at))
        affordable = [row for row in made if afford(one.site, one.received_at)]
        known += affordable
        session.add_all(affordable)


def _newest(session: Session, sites: set[str]) -> dict[str, float]:
    """The time of each site's last health report, as `TimedReport` has it."""
    rows = session.execute(
        select(LastReport.site_id, LastReport.at, LastReport.received_at, alarms_column())
        .where(LastReport.site_id.in_(sites), LastReport.kind == Kind.HEALTH)
        # Locked until these are the newest: two copies of the program never open one alarm twice.
        .order_by(LastReport.site_id)
        .with_for_update()
    )
    return {
        site: _report_time(at, received_at, trusted=not _has_clock_alarm(alarms))
        for site, at, received_at, alarms in rows
    }


def _report_time(at: float, received_at: float, *, trusted: bool) -> float:
    return at if trusted and at <= received_at + MAX_CLOCK_AHEAD_S else received_at


def _has_clock_alarm(alarms: Any) -> bool:
    listed = listed_alarms(alarms)
    return any(isinstance(one, dict) and one.get("key") == CLOCK_ALARM for one in listed)


def _episodes(
    session: Session, sites: set[str], late: Iterable[float]
) -> dict[str, list[AlarmEpisode]]:
    """The active alarms of these sites; where late reports came, also those that ended since."""
    first = min(late, default=None)
    wanted: ColumnElement[bool] = AlarmEpisode.ended_at.is_(None)
    if first is not None:
        wanted = or_(wanted, AlarmEpisode.ended_at >= first - LATE_S)
    found: dict[str, list[AlarmEpisode]] = {}
    for row in session.scalars(select(AlarmEpisode).where(AlarmEpisode.site_id.in_(sites), wanted)):
        found.setdefault(row.site_id, []).append(row)
    return found


def _helpers(session: Session) -> Mapping[str, str]:
    helped = select(Site.id, Site.helper).where(Site.helper != "")
    return {row.id: row.helper for row in session.execute(helped)}


def _silence(site: str, began_at: float, ended_at: float) -> AlarmEpisode:
    return AlarmEpisode(
        site_id=site,
        key=SILENT_KEY,
        code="",
        severity=3,
        text={},
        detail="",
        began_at=began_at,
        ended_at=ended_at,
        helper="",
    )
