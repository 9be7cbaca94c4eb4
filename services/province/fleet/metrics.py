"""The metrics for Prometheus: read from the database at each scrape, so any copy can serve them.

Devices behind NAT cannot be scraped: their last reports are shown with their age, and a silent
device has no other gauge left, for a dead one must never keep its last value. Only what the ingest
counts is this copy's own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.province import passed_over
from services.province.broker.ingest import IngestCounts
from services.province.fleet.overview import statuses_of
from services.province.fleet.readiness import SiteStatus, State
from services.province.schedule.feeds import Schedule
from services.province.sites.tree import Tree
from services.province.storage.tables import Participation


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one moment."""

    now: float
    statuses: dict[str, SiteStatus]
    meetings: int
    in_rooms: int
    hands: int
    passed_over: Mapping[str, int]


def figures(session: Session, now: float) -> Figures:
    """Read them from the database."""
    tree = Tree.load(session)
    running = Schedule.load(session, tree, now).between(now, now + 1.0)
    inside = select(func.count()).select_from(Participation).where(Participation.left_at.is_(None))
    return Figures(
        now,
        statuses_of(session, tree.sites, now, close=bool(running)),
        len(running),
        session.scalar(inside) or 0,
        session.scalar(inside.where(Participation.hand_at.is_not(None))) or 0,
        passed_over.counts(session),
    )


def exposition(found: Figures, counts: IngestCounts | None = None) -> bytes:
    """The text format of Prometheus, version 0.0.4; `counts` where this copy has a broker."""
    registry = CollectorRegistry()
    registry.register(_FigureCollector(found))
    if counts is not None:
        registry.register(_IngestCollector(counts))
    return generate_latest(registry)


class _FigureCollector(Collector):
    def __init__(self, found: Figures) -> None:
        self._figures = found

    def collect(self) -> Iterator[Metric]:
        """Each gauge once."""
        found = self._figures
        states = GaugeMetricFamily("diemcau_sites", "Sites by their state", labels=["state"])
        for state in State:
            if state in (State.COMING, State.LATE):
                continue  # of one meeting: the first page's
            count = sum(status.state is state for status in found.statuses.values())
            states.add_metric([state], count)
        yield states
        age = GaugeMetricFamily(
            "diemcau_site_report_age_seconds",
            "Seconds since anything was heard from a site",
            labels=["site"],
        )
        alarms = GaugeMetricFamily(
            "diemcau_site_alarms", "Alarms that hold at a site", labels=["site", "severity"]
        )
        for site, status in found.statuses.items():
            if status.heard_at is None:
                continue
            age.add_metric([site], max(0.0, found.now - status.heard_at))
            if status.state is State.SILENT:
                continue
            held = status.alarms
            for severity in (1, 2, 3):
                count = sum(alarm.severity == severity for alarm in held)
                alarms.add_metric([site, str(severity)], count)
        yield age
        yield alarms
        yield GaugeMetricFamily("diemcau_meetings", "Meetings that are on", value=found.meetings)
        yield GaugeMetricFamily("diemcau_in_rooms", "Participants in rooms", value=found.in_rooms)
        yield GaugeMetricFamily("diemcau_hands", "Hands that are up in rooms", value=found.hands)
        passed = CounterMetricFamily(
            "diemcau_passed_over",
            "What could not be used; part=failed: parts of the program that were started again",
            labels=["part"],
        )
        for part in passed_over.Part:
            passed.add_metric([part], found.passed_over.get(part, 0))
        yield passed


class _IngestCollector(Collector):
    def __init__(self, counts: IngestCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Each counter once."""
        counts = self._counts
        yield CounterMetricFamily(
            "diemcau_ingest_stored", "Reports that were stored", value=counts.stored
        )
        yield CounterMetricFamily(
            "diemcau_ingest_refused", "Reports that never can be stored", value=counts.refused
        )
        yield CounterMetricFamily(
            "diemcau_ingest_flooded",
            "Reports beyond what one site may send",
            value=counts.flooded,
        )
        yield CounterMetricFamily(
            "diemcau_ingest_lost_connections",
            "Connections to the broker that were lost",
            value=counts.lost_connections,
        )
        yield GaugeMetricFamily(
            "diemcau_ingest_connected", "Whether the broker is connected", value=counts.connected
        )
        yield GaugeMetricFamily(
            "diemcau_ingest_newest_timestamp_seconds",
            "When the last batch of reports was read",
            value=counts.newest_at,
        )
