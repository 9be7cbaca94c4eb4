"""Keeps history within its bounds: room ahead, hours made of old minutes, the oldest let go."""

import asyncio
import logging
import time
from collections.abc import Callable

from sqlalchemy import case, delete, distinct, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.province.history.bounds import (
    DAY_S,
    EPISODES_S,
    HOUR_S,
    HOURS_S,
    MINUTES_S,
    SLOT_S,
)
from services.province.storage.database import Database
from services.province.storage.history_tables import (
    HOURS,
    MINUTES,
    AlarmEpisode,
    Hour,
    Minute,
    SiteEvent,
)
from services.province.storage.partitions import drop_before, make_room, one_at_a_time

log = logging.getLogger("diemcau.province.history")

AGAIN_S = 3600.0
AHEAD_DAYS, AHEAD_MONTHS = 3, 2
"""So far ahead partitions are made: long enough that a database which refuses is noticed."""


class Retention:
    """Tends history for as long as `run` runs; any number of copies may."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def run(self) -> None:
        """At once and each hour until cancelled; a database that is away is asked again."""
        while True:
            try:
                await asyncio.to_thread(self.tend)
            except DBAPIError as error:
                log.warning("history: %s", error.orig)
            await asyncio.sleep(AGAIN_S)

    def tend(self) -> bool:
        """One round; False where another copy of the program is at it. To do it again changes
        nothing, and to be killed in the middle loses nothing."""
        now = self._now()
        for until in self._due(now):
            with self._database.writing() as session:
                if not one_at_a_time(session):
                    return False
                _let_go(session, until)
        with self._database.writing() as session:
            if not one_at_a_time(session):
                return False
            _keep_within(session, now)
        return True

    def _due(self, now: float) -> range:
        """Where the slices of old minutes end: each has its own transaction. On PostgreSQL a
        slice is a partition; SQLite lets nobody else write meanwhile, so there it is an hour."""
        oldest = MINUTES.begin(now) - MINUTES_S
        slice_s = DAY_S if self._database.url.get_backend_name() == "postgresql" else HOUR_S
        with self._database.reading() as session:
            first = session.scalar(select(func.min(Minute.at)).where(Minute.at < oldest))
        if first is None:
            return range(0)
        return range(first - first % slice_s + slice_s, oldest + 1, slice_s)


def _keep_within(session: Session, now: float) -> None:
    make_room(session, MINUTES, [now + day * DAY_S for day in range(AHEAD_DAYS + 1)])
    ahead = [HOURS.begin(now)]
    for _ in range(AHEAD_MONTHS):
        ahead.append(HOURS.end(ahead[-1]))
    make_room(session, HOURS, ahead)
    drop_before(session, MINUTES, MINUTES.begin(now) - MINUTES_S)
    drop_before(session, HOURS, HOURS.begin(now - HOURS_S))
    session.execute(delete(AlarmEpisode).where(AlarmEpisode.ended_at < now - EPISODES_S))
    session.execute(delete(SiteEvent).where(SiteEvent.at < now - EPISODES_S))


def _let_go(session: Session, until: int) -> None:
    make_room(session, HOURS, [until - 1])
    _condense(session, until)
    drop_before(session, MINUTES, until)


def _condense(session: Session, before: int) -> None:
    """The hours of all minutes before `before`; one that is there already stays as it is."""
    slot = Minute.at // SLOT_S
    hour = (Minute.at - Minute.at % HOUR_S).label("hour")
    all_slots = func.count(distinct(slot))
    at_once = func.count(distinct(case((Minute.late.is_(False), slot))))
    hours = (
        select(
            Minute.site_id,
            hour,
            at_once,
            all_slots - at_once,
            func.max(Minute.soc_c),
            func.max(Minute.loss_percent),
            func.max(Minute.rtt_ms),
        )
        .where(Minute.at < before)
        .group_by(Minute.site_id, "hour")
    )
    postgres = session.get_bind().dialect.name == "postgresql"
    into = postgresql.insert(Hour) if postgres else sqlite.insert(Hour)
    columns = ["site_id", "at", "heard", "late", "soc_c", "loss_percent", "rtt_ms"]
    session.execute(into.from_select(columns, hours).on_conflict_do_nothing())
