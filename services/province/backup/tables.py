"""The database in a back-up: each table as lines of JSON, of one moment, for either database.

The rows are read by the migrations' own names and types, so a back-up of SQLite can be restored
into PostgreSQL, and one of an older release into this one: it is written into the tables of its
own revision, which are then migrated.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, Table, func, inspect, select, text
from sqlalchemy.orm import Session

from services.province.backup.archive import Archive, Backup, BackupError
from services.province.storage.database import Database
from services.province.storage.history_tables import HOURS, MINUTES
from services.province.storage.partitions import ensure_partitions, is_partition

FOLDER = "database"
LEFT_OUT = {"alembic_version", "log_ins", "wrong_passwords"}
"""Sessions end with the machine on which they were opened; the migrations write their own."""
BATCH = 1000


def dump(database: Database, archive: Archive) -> tuple[str, dict[str, int]]:
    """Write all tables as they are at one moment; returns the revision and the rows of each table.

    Raises `BackupError` for a database that has no province's tables.
    """
    postgres = database.url.get_backend_name() == "postgresql"
    engine = database.engine
    if postgres:
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    counts: dict[str, int] = {}
    with engine.connect() as connection, connection.begin():
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None:
            raise BackupError("the database has no tables of a province; is it the right one?")
        for table in _tables(connection):
            with archive.open(f"{FOLDER}/{table.name}.jsonl") as write:
                counts[table.name] = 0
                for rows in _batches(connection, table):
                    write(b"".join(_line(row) for row in rows))
                    counts[table.name] += len(rows)
    return revision, counts


def load(database: Database, backup: Backup) -> None:
    """Write a back-up's tables into an empty database, in one transaction, and migrate them.

    Raises `BackupError`; the database is then as it was.
    """
    with database.engine.execution_options(writes=True).begin() as connection:
        if names := _names(connection):
            raise BackupError(
                f"the database is not empty: it has {', '.join(names[:3])}…; give an empty one"
            )
        try:
            database.migrate(connection, backup.manifest.revision)
        except CommandError as error:
            raise BackupError(
                f"the back-up is of the release {backup.manifest.release}, whose database (revision"
                f" {backup.manifest.revision}) this one does not know; restore it with that release"
            ) from error
        tables = _tables(connection)
        missing = set(backup.manifest.tables) ^ {table.name for table in tables}
        if missing:
            raise BackupError(f"the back-up and its revision do not agree on {sorted(missing)}")
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in tables:
            with backup.lines(f"{FOLDER}/{table.name}.jsonl") as lines:
                _fill(connection, table, lines)
        database.migrate(connection)


def _names(connection: Connection) -> list[str]:
    return [name for name in inspect(connection).get_table_names() if not is_partition(name)]


def _tables(connection: Connection) -> list[Table]:
    """As the database has them, each after those to which it refers."""
    metadata = MetaData()
    metadata.reflect(connection, only=_names(connection))
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    rows = select(table).order_by(*table.primary_key.columns)
    found = connection.execution_options(yield_per=BATCH).execute(rows)
    for part in found.mappings().partitions(BATCH):
        yield [dict(row) for row in part]


def _fill(connection: Connection, table: Table, lines: Iterable[bytes]) -> None:
    rows: Iterator[dict[str, Any]] = (json.loads(line) for line in lines)
    if any(key.column.table is table for key in table.foreign_keys):
        rows = iter(_parents_first(table, list(rows)))
    parts = {one.table: one for one in (MINUTES, HOURS)}.get(table.name)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        while batch := list(islice(rows, BATCH)):
            if parts is not None:
                ensure_partitions(session, parts, {row["at"] for row in batch})
            session.execute(table.insert(), batch)
        session.commit()
    _set_sequence(connection, table)


def _parents_first(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row after that to which it refers in its own table, such as a place after its parent."""
    (key,) = [key for key in table.foreign_keys if key.column.table is table]
    own, parent = key.column.name, key.parent.name
    waiting: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        waiting.setdefault(row[parent], []).append(row)
    ordered = waiting.pop(None, [])
    for row in ordered:  # it grows meanwhile
        ordered += waiting.pop(row[own], [])
    return ordered + [row for left in waiting.values() for row in left]


def _set_sequence(connection: Connection, table: Table) -> None:
    """PostgreSQL counts ids by itself, and knows nothing of those that were written."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    name = connection.scalar(
        text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": f'"{table.name}"'}
    )
    newest = connection.scalar(select(func.max(table.columns["id"])))
    if name is not None and newest is not None:
        connection.execute(text("SELECT setval(:name, :newest)"), {"name": name, "newest": newest})


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
