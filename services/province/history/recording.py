"""Each batch of reports into history, in the batch's own transaction and a handful of statements.

A report may come twice and late: what is written for it is the same row again. The site's hour
counts, so that what a site kept while its line was away stands where it belongs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from appliance.wire.alarm import Alarm
from appliance.wire.report import Health
from appliance.wire.topics import Kind
from services.province.broker.ingest import Incoming
from services.province.fleet.readiness import SILENT_AFTER_S, SILENT_KEY
from services.province.history.bounds import AHEAD_S, EPISODES_S, LATE_S, MINUTE_S, MINUTES_S
from services.province.history.events import events_of
from services.province.history.following import follow_newest, mend
from services.province.storage.history_tables import MINUTES, AlarmEpisode, Minute, SiteEvent
from services.province.storage.partitions import make_room
from services.province.storage.tables import LastReport, Site

NO_TIME = "clock"
"""The alarm of a site that does not know the hour: what it calls the hour is none."""

FIGURES = ("soc_c", "loss_percent", "rtt_ms")
LARGEST = 1e6
"""None of these figures ever is; four bytes hold no number that a broken sensor may tell."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One health report with its hour, by which history is ordered; POSIX seconds."""

    site: str
    health: Health
    at: float
    received_at: float
    alarms: tuple[Alarm, ...]

    @classmethod
    def of(cls, one: Incoming, health: Health) -> "Heard":
        """The site's own hours where they are to be believed, else ours."""
        alarms = health.alarms
        trusted = not any(alarm.key == NO_TIME for alarm in alarms)
        at = _hour(health.id.at, one.received_at, trusted=trusted)
        if not trusted:
            alarms = tuple(replace(alarm, since=at) for alarm in alarms)
        return cls(one.site, health, at, one.received_at, alarms)


def record(session: Session, batch: Iterable[Incoming]) -> None:
    """Write down a batch of reports of known sites, before they become the last ones."""
    heard = [Heard.of(one, one.report) for one in batch if isinstance(one.report, Health)]
    if not heard:
        return
    heard.sort(key=lambda one: (one.site, one.at))
    _write_minutes(session, heard)
    _write_events(session, heard)
    _write_alarms(session, heard)


def _write_minutes(session: Session, heard: Sequence[Heard]) -> None:
    rows: dict[tuple[str, int], dict[str, object]] = {}
    for one in heard:
        oldest = MINUTES.begin(one.received_at) - MINUTES_S
        at = int(one.at // MINUTE_S) * MINUTE_S
        if at < oldest:
            continue  # its hours are written already
        rows.setdefault((one.site, at), {
            "site_id": one.site,
            "at": at,
            "late": one.received_at - one.at > LATE_S,
            **{name: _small(one.health.figures.get(name)) for name in FIGURES},
        })  # fmt: skip
    make_room(session, MINUTES, [at for _, at in rows])
    _insert_new(session, Minute, list(rows.values()))


def _small(figure: float | None) -> float | None:
    return figure if figure is not None and abs(figure) <= LARGEST else None


def _write_events(session: Session, heard: Sequence[Heard]) -> None:
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    for one in heard:
        for event in events_of(one.health, one.at):
            if event.at > one.received_at - EPISODES_S:
                rows.setdefault((one.site, event.kind, event.name), {
                    "site_id": one.site,
                    "kind": event.kind,
                    "name": event.name,
                    "at": event.at,
                    "detail": event.detail,
                })  # fmt: skip
    _insert_new(session, SiteEvent, list(rows.values()))


def _insert_new(
    session: Session, table: type[Minute | SiteEvent], rows: list[dict[str, object]]
) -> None:
    """All that are not there yet, one statement for them all."""
    if rows:
        postgres = session.get_bind().dialect.name == "postgresql"
        into = postgresql.insert if postgres else sqlite.insert
        session.execute(into(table).on_conflict_do_nothing(), rows)


def _write_alarms(session: Session, heard: Sequence[Heard]) -> None:
    newest = _newest(session, {one.site for one in heard})
    late_from = {
        one.site: one.at for one in reversed(heard) if one.at < newest.get(one.site, one.at)
    }
    rows = _episodes(session, {one.site for one in heard}, late_from.values())
    helpers: Mapping[str, str] | None = None
    for one in heard:
        before, known = newest.get(one.site), rows.setdefault(one.site, [])
        alarms = one.alarms
        if before is not None and one.at <= before:
            # The very same one again says nothing new.
            made = mend(one.site, known, alarms, one.at) if one.at < before else []
        else:
            newest[one.site] = one.at
            gone = {row.key for row in known if row.ended_at is None}
            if helpers is None and gone - {alarm.key for alarm in alarms}:
                helpers = _helpers(session)
            made = follow_newest(one.site, known, alarms, one.at, (helpers or {}).get(one.site, ""))
            if before is not None and one.at - before > SILENT_AFTER_S:
                made.append(_silence(one.site, before, one.at))
        known += made
        session.add_all(made)


def _newest(session: Session, sites: set[str]) -> dict[str, float]:
    """The hour of each site's last health report, as `Heard` has it."""
    alarms = LastReport.state["alarms"]
    rows = session.execute(
        select(LastReport.site_id, LastReport.at, LastReport.received_at, alarms)
        .where(LastReport.site_id.in_(sites), LastReport.kind == Kind.HEALTH)
        # Held until they are the newest: two copies of the program never open one alarm twice.
        .order_by(LastReport.site_id)
        .with_for_update()
    )
    return {
        site: _hour(at, received_at, trusted=not _no_time(alarms))
        for site, at, received_at, alarms in rows
    }


def _hour(at: float, received_at: float, *, trusted: bool) -> float:
    return at if trusted and at <= received_at + AHEAD_S else received_at


def _no_time(alarms: Any) -> bool:
    listed = alarms if isinstance(alarms, list) else []
    return any(isinstance(one, dict) and one.get("key") == NO_TIME for one in listed)


def _episodes(
    session: Session, sites: set[str], late: Iterable[float]
) -> dict[str, list[AlarmEpisode]]:
    """What stands at these sites; where late reports came, also what ended since the first."""
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
