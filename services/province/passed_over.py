"""What was passed over: counted by part and subject, in the log, the audit log and the console.

A message or a row that cannot be used costs itself; this is where somebody is told. Whoever passes
something over calls `note`, at any rate and from any thread: it is written in batches, a row for
each subject, so that a flood of them is one row with a number.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.wire.letters import visible
from services.province import audit
from services.province.fleet.readiness import FLOOD
from services.province.storage.database import Database
from services.province.storage.reports import Report, record_report
from services.province.storage.tables import PassedOver, Site

log = logging.getLogger("diemcau.province.passed_over")

INTERVAL_S = 2.0
AUDIT_INTERVAL_S = 3600.0
"""One line in the audit log for what is passed over again and again."""
MAX_WAITING = 50
"""Subjects between two writings; what is more is counted without its name."""
MAX_ROWS = 200
"""What was last is kept."""
KEEP_S = 92 * 86_400.0
RECENT_S = 86_400.0
OTHERS = "…"
MAX_LETTERS = {"subject": 200, "reason": 300}


class Part(StrEnum):
    """What passed it over; `FAILED` is a part that was started again, `ENDED` the whole program."""

    REPORTS = "reports"
    FLOOD = "flood"
    SCHEDULE = "schedule"
    FLOOR = "floor"
    NOTICES = "notices"
    DESIRED = "desired"
    HISTORY = "history"
    ENROLMENT = "enrolment"
    FAILED = "failed"
    ENDED = "ended"


Tell = Callable[[Part, str, str], None]
"""Told of a part, a subject (a site, a meeting) and a reason; returns at once."""


def untold(part: Part, subject: str, reason: str) -> None:
    """A `Tell` for who runs without a database: the log alone."""
    log.warning("%s: passed over %s: %s", part, subject, reason)


@dataclass(slots=True)
class _Count:
    count: int
    reason: str
    first_at: float
    last_at: float


class PassedOverLog:
    """One for the program."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], _Count] = {}

    def note(self, part: Part, subject: str, reason: str) -> None:
        """Count one; the first of each writing stands in the log. Returns at once."""
        now = self._now()
        key = (part.value, visible(subject)[: MAX_LETTERS["subject"]])
        reason = visible(reason)[: MAX_LETTERS["reason"]]
        with self._lock:
            if key not in self._waiting and len(self._waiting) >= MAX_WAITING:
                key = (part.value, OTHERS)
            known = self._waiting.setdefault(key, _Count(0, reason, now, now))
            known.count, known.reason, known.last_at = known.count + 1, reason, now
            first = known.count == 1
        if first:
            log.warning("%s: passed over %s: %s", part, key[1], reason)

    async def run(self) -> None:
        """Write what was counted until cancelled, and then once more."""
        try:
            while True:
                await asyncio.sleep(INTERVAL_S)
                await asyncio.to_thread(self.write)
        finally:
            self.write()

    def write(self) -> None:
        """Write it now; what a database that is away does not take waits for the next time."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            with self._database.writing() as session:
                for (part, subject), count in waiting.items():
                    _add(session, part, subject, count)
                _prune(session, self._now())
        except DBAPIError as error:
            log.warning("database: %s", error.orig)
            with self._lock:
                for key, count in waiting.items():
                    later = self._waiting.setdefault(key, count)
                    if later is not count:
                        later.count, later.first_at = later.count + count.count, count.first_at


def listed(session: Session) -> Sequence[PassedOver]:
    """All that is known, the newest first."""
    return session.scalars(select(PassedOver).order_by(PassedOver.last_at.desc())).all()


def recent(session: Session, now: float) -> int:
    """How many subjects were passed over within a day."""
    wanted = select(func.count()).select_from(PassedOver).where(PassedOver.last_at > now - RECENT_S)
    return session.scalar(wanted) or 0


def counts(session: Session) -> dict[str, int]:
    """How often, by part."""
    rows = session.execute(
        select(PassedOver.part, func.sum(PassedOver.count)).group_by(PassedOver.part)
    )
    return {part: int(count) for part, count in rows}


def _add(session: Session, part: str, subject: str, found: _Count) -> None:
    known = session.get(PassedOver, (part, subject))
    if known is None or found.last_at - known.last_at > AUDIT_INTERVAL_S:
        audit.note(session, found.last_at, "", "passed over", f"{part}: {subject}",
                   reason=found.reason, count=found.count)  # fmt: skip
    postgres = session.get_bind().dialect.name == "postgresql"
    into = (postgresql.insert if postgres else sqlite.insert)(PassedOver).values(
        part=part, subject=subject, reason=found.reason, count=found.count,
        first_at=found.first_at, last_at=found.last_at,
    )  # fmt: skip
    come = into.excluded
    session.execute(
        into.on_conflict_do_update(
            index_elements=[PassedOver.part, PassedOver.subject],
            set_={
                "count": PassedOver.count + come.count,
                "reason": come.reason,
                "last_at": come.last_at,
            },
        )
    )
    if part == Part.FLOOD and session.get(Site, subject) is not None:
        report = Report(found.last_at, "", int(found.last_at * 1000), {"reason": found.reason})
        record_report(session, subject, report, found.last_at, FLOOD)


def _prune(session: Session, now: float) -> None:
    beyond = (
        select(PassedOver.last_at).order_by(PassedOver.last_at.desc()).offset(MAX_ROWS).limit(1)
    )
    cutoff = max(session.scalar(beyond) or 0.0, now - KEEP_S)
    session.execute(delete(PassedOver).where(PassedOver.last_at <= cutoff))
