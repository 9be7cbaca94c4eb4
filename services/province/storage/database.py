"""One database, opened by its URL: SQLite, or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.orm import Session, sessionmaker

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 15_000
"""How long one SQLite writer waits for another; a write takes milliseconds."""
MIGRATION_LOCK = 0x6469_656D
"""Any number that nobody else takes (pg_advisory_xact_lock): two copies start at the same time."""


class Database:
    """Sessions on one database; threads may share it, a session belongs to one of them."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _engine(self.url)
        # A SQLite transaction that begins by reading cannot always become a writing one.
        self._reading = sessionmaker(self.engine, expire_on_commit=False)
        self._writing = sessionmaker(
            self.engine.execution_options(writes=True), expire_on_commit=False
        )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with self._reading() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed at its end, or rolled back on an error."""
        with self._writing.begin() as session:
            yield session

    def upgrade(self) -> None:
        """Bring the tables to this release; safe to call by several copies at once."""
        with self.engine.execution_options(writes=True).begin() as connection:
            if self.url.get_backend_name() == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:number)")
                connection.execute(lock, {"number": MIGRATION_LOCK})
            self.migrate(connection)

    @staticmethod
    def migrate(connection: Connection, revision: str = "head") -> None:
        """Bring the tables to a revision, in the transaction of `connection`."""
        command.upgrade(migration_config(connection), revision)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for `connection`; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    # The database may have been restarted: a dead connection is noticed before it is used.
    return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)


def _sqlite_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")
    # SQLite's own knows A to Z alone: to it "CHƯ PRÔNG" and "Chư Prông" were two districts.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
