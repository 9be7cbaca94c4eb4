"""Tables in partitions by time: PostgreSQL's own, made ahead and dropped whole.

SQLite has none: there the same table is pruned by the same bounds. Bounds are UTC.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

LOCK = 0x6469_7061
"""Any number that nobody else takes: who makes or drops partitions (pg_advisory_xact_lock)."""
DROP_WAIT_S = 5
"""To drop one every reader of the table must pause; who cannot within this tries an hour later."""
NAME = re.compile(r"_\d{8}$")


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table with one partition for each span of its column ``at``, POSIX seconds."""

    table: str
    begin_of: Callable[[datetime], datetime]
    after: Callable[[datetime], datetime]

    def begin(self, at: float) -> int:
        """Where the span that holds `at` begins."""
        return int(self.begin_of(datetime.fromtimestamp(at, UTC)).timestamp())

    def end(self, at: float) -> int:
        """Where the next one begins."""
        begin = self.begin_of(datetime.fromtimestamp(at, UTC))
        return int(self.after(begin).timestamp())

    def name(self, at: float) -> str:
        """Of the partition that holds `at`: ``minutes_20260312``."""
        return f"{self.table}_{datetime.fromtimestamp(self.begin(at), UTC):%Y%m%d}"


def by_day(table: str) -> Partitioned:
    """A partition a day."""
    return Partitioned(table, _day, lambda begin: begin + timedelta(days=1))


def by_month(table: str) -> Partitioned:
    """A partition a month."""
    return Partitioned(table, _month, lambda begin: _month(begin + timedelta(days=32)))


def is_partition(name: str | None) -> bool:
    """Whether a table of that name is part of another: migrations leave it alone."""
    return NAME.search(name or "") is not None


def make_room(session: Session, parts: Partitioned, moments: Iterable[float]) -> None:
    """See that a row of each of these moments has its partition.

    They are made ahead; this is asked before each batch all the same, and costs one look. A new one
    is made apart and then attached, so that nobody who reads or writes waits for it.
    """
    if not _postgres(session):
        return
    begins = sorted({parts.begin(moment) for moment in moments})
    there = partitions(session, parts)
    if all(parts.name(begin) in there for begin in begins):
        return
    session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
    there = partitions(session, parts)  # another copy of the program may have been quicker
    for begin in begins:
        name = parts.name(begin)
        if name in there:
            continue
        # Names are a table's and digits, bounds are whole numbers: nothing of it comes from a site.
        session.execute(text(f"CREATE TABLE {name} (LIKE {parts.table} INCLUDING ALL)"))
        bounds = f"FROM ({begin}) TO ({parts.end(begin)})"
        attach = f"ALTER TABLE {parts.table} ATTACH PARTITION {name} FOR VALUES {bounds}"
        session.execute(text(attach))


def drop_before(session: Session, parts: Partitioned, cutoff: int) -> None:
    """Let go of all partitions that end by `cutoff`, itself the begin of one."""
    if not _postgres(session):
        prune = text(f"DELETE FROM {parts.table} WHERE at < :cutoff")  # noqa: S608 - our own names
        session.execute(prune, {"cutoff": cutoff})
        return
    session.execute(text(f"SET LOCAL lock_timeout = '{DROP_WAIT_S}s'"))
    oldest = parts.name(cutoff)
    for name in partitions(session, parts):
        if name < oldest:  # of one length, so in the order of their dates
            session.execute(text(f"DROP TABLE {name}"))


def partitions(session: Session, parts: Partitioned) -> list[str]:
    """The partitions that there are, the oldest first; none on SQLite."""
    if not _postgres(session):
        return []
    found = session.scalars(
        text(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = to_regclass(:table)"
        ),
        {"table": parts.table},
    )
    return sorted(found)


def one_at_a_time(session: Session) -> bool:
    """Whether this copy of the program may tend the partitions now; until the transaction ends."""
    if not _postgres(session):
        return True  # SQLite has one writer at a time
    free = text("SELECT pg_try_advisory_xact_lock(:number)")
    return bool(session.scalar(free, {"number": LOCK}))


def _postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _month(at: datetime) -> datetime:
    return _day(at).replace(day=1)
