"""Counts what a database is asked: a page that asks once for each site is slow with thousands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from services.province.storage.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements of the context, each once, however many sets of values it is given."""
    found: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)
