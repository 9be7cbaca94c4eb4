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
LOCK_TIMEOUT_S = 5
"""To drop a partition needs a lock against all readers; after this it is tried an hour later."""
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


def ensure_partitions(session: Session, parts: Partitioned, moments: Iterable[float]) -> None:
    """Make the partitions for rows of these moments, where they do not exist.

    They are made ahead; this is called before each batch all the same, and costs one query. A new
    one is made as a table and then attached, so that no reader or writer waits for it.
    """
    if not _postgres(session):
        return
    begins = sorted({parts.begin(moment) for moment in moments})
    there = partitions(session, parts)
    if all(parts.name(begin) in there for begin in begins):
        return
    session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
    there = partitions(session, parts)  # another copy of the program may have been faster
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
    """Drop all partitions that end by `cutoff`, itself the begin of one."""
    if not _postgres(session):
        prune = text(f"DELETE FROM {parts.table} WHERE at < :cutoff")  # noqa: S608 - our own names
        session.execute(prune, {"cutoff": cutoff})
        return
    session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'"))
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


def try_exclusive(session: Session) -> bool:
    """Take the lock of the partitions until the transaction ends; False where another has it."""
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
