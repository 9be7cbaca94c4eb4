"""What Prometheus reads: from the database at each scrape, so any copy of the program tells it.

Devices behind NAT cannot be scraped. What is told of one comes with its age, and a device that is
silent has no other gauge left: a dead one must never keep its last value.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.province.fleet.overview import standings_of
from services.province.fleet.readiness import Standing, State
from services.province.schedule.feeds import Schedule
from services.province.sites.tree import Tree
from services.province.storage.tables import Stay


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is told at one moment."""

    now: float
    standings: dict[str, Standing]
    meetings: int
    in_rooms: int
    hands: int


def figures(session: Session, now: float) -> Figures:
    """Look into the database."""
    tree = Tree.load(session)
    running = Schedule.load(session, tree, now).between(now, now + 1.0)
    inside = select(func.count()).select_from(Stay).where(Stay.left_at.is_(None))
    return Figures(
        now,
        standings_of(session, tree.sites, now, close=bool(running)),
        len(running),
        session.scalar(inside) or 0,
        session.scalar(inside.where(Stay.hand_at.is_not(None))) or 0,
    )


def exposition(told: Figures) -> bytes:
    """The text format of Prometheus, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Told(told))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, told: Figures) -> None:
        self._told = told

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each gauge once."""
        told = self._told
        states = GaugeMetricFamily("diemcau_sites", "Sites by their state", labels=["state"])
        for state in State:
            count = sum(standing.state is state for standing in told.standings.values())
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
        for site, standing in told.standings.items():
            if standing.heard_at is None:
                continue
            age.add_metric([site], max(0.0, told.now - standing.heard_at))
            if standing.state is State.SILENT:
                continue
            for severity in (1, 2, 3):
                found = [*standing.reasons, *standing.notes]
                count = sum(alarm.severity == severity for alarm in found)
                alarms.add_metric([site, str(severity)], count)
        yield age
        yield alarms
        yield GaugeMetricFamily("diemcau_meetings", "Meetings that are on", value=told.meetings)
        yield GaugeMetricFamily("diemcau_in_rooms", "Participants in rooms", value=told.in_rooms)
        yield GaugeMetricFamily("diemcau_hands", "Hands that are up in rooms", value=told.hands)
