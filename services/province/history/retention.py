"""Keeps history within its bounds: partitions made ahead, minutes condensed, old rows deleted."""

import asyncio
import logging
import time
from collections.abc import Callable

from sqlalchemy import case, delete, distinct, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.province.accounts import WINDOW_S
from services.province.passed_over import Part, Tell, untold
from services.province.storage.database import Database
from services.province.storage.history_tables import (
    DAY_S,
    HOUR_S,
    HOURS,
    KEEP_EVENTS_S,
    KEEP_HOURS_S,
    KEEP_MINUTES_S,
    MINUTES,
    SLOT_S,
    AlarmEpisode,
    Hour,
    Minute,
    SiteEvent,
)
from services.province.storage.partitions import drop_before, ensure_partitions, try_exclusive
from services.province.storage.tables import WrongPassword

log = logging.getLogger("diemcau.province.history")

INTERVAL_S = 3600.0
DAYS_AHEAD, MONTHS_AHEAD = 3, 2
"""Partitions are made so far ahead that a database which refuses is noticed in time."""


class Retention:
    """Works for as long as `run` runs; in any number of copies of the program."""

    def __init__(
        self,
        database: Database,
        *,
        tell: Tell = untold,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._tell = tell
        self._now = now

    async def run(self) -> None:
        """At once and each hour until cancelled; a database that is away is tried again."""
        while True:
            try:
                await asyncio.to_thread(self.run_once)
            except DBAPIError as error:
                log.warning("history: %s", error.orig)
            await asyncio.sleep(INTERVAL_S)

    def run_once(self) -> bool:
        """Do all that is due; False where another copy of the program does it. To do it again
        changes nothing, and to be killed in the middle loses nothing."""
        now, condensed = self._now(), True
        try:
            for until in self._due(now):
                with self._database.writing() as session:
                    if not try_exclusive(session):
                        return False
                    _condense_until(session, until)
        except Exception as error:  # one broken minute is kept, and the rest is pruned all the same
            self._tell(Part.HISTORY, "hours", f"{type(error).__name__}: {error}")
            condensed = False
        with self._database.writing() as session:
            if not try_exclusive(session):
                return False
            _prune(session, now, minutes=condensed)
        return True

    def _due(self, now: float) -> range:
        """The ends of the slices of old minutes, a transaction each. On PostgreSQL a slice is a
        partition; SQLite lets nobody else write meanwhile, so there it is an hour."""
        oldest = MINUTES.begin(now) - KEEP_MINUTES_S
        slice_s = DAY_S if self._database.url.get_backend_name() == "postgresql" else HOUR_S
        with self._database.reading() as session:
            first = session.scalar(select(func.min(Minute.at)).where(Minute.at < oldest))
        if first is None:
            return range(0)
        return range(first - first % slice_s + slice_s, oldest + 1, slice_s)


def _prune(session: Session, now: float, *, minutes: bool) -> None:
    ensure_partitions(session, MINUTES, [now + day * DAY_S for day in range(DAYS_AHEAD + 1)])
    ahead = [HOURS.begin(now)]
    for _ in range(MONTHS_AHEAD):
        ahead.append(HOURS.end(ahead[-1]))
    ensure_partitions(session, HOURS, ahead)
    if minutes:
        drop_before(session, MINUTES, MINUTES.begin(now) - KEEP_MINUTES_S)
    drop_before(session, HOURS, HOURS.begin(now - KEEP_HOURS_S))
    session.execute(delete(AlarmEpisode).where(AlarmEpisode.ended_at < now - KEEP_EVENTS_S))
    session.execute(delete(SiteEvent).where(SiteEvent.at < now - KEEP_EVENTS_S))
    session.execute(delete(WrongPassword).where(WrongPassword.at < now - WINDOW_S))


def _condense_until(session: Session, until: int) -> None:
    ensure_partitions(session, HOURS, [until - 1])
    _condense(session, until)
    drop_before(session, MINUTES, until)


def _condense(session: Session, before: int) -> None:
    """Write the hours of all minutes before `before`; one that exists stays as it is."""
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
