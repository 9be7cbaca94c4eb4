"""Both databases, each test with an empty one of its own that the migrations have made."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from services.province.storage.database import Database
from services.province.storage.tables import Base
from tests.province.in_process import House
from tests.province.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def pg() -> Iterator[Postgres]:
    """One server for all tests."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def on_postgres(pg: Postgres) -> Iterator[Database]:
    """One database on it, which `database` empties after each test."""
    made = Database(pg.create("tests"))
    made.upgrade()
    yield made
    made.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "province.db"
    made = Database(f"sqlite:///{path}")
    made.upgrade()
    made.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same test on each, with the tables empty."""
    if request.param == "sqlite":
        copied = shutil.copy(request.getfixturevalue("migrated"), tmp_path / "province.db")
        made = Database(f"sqlite:///{copied}")
        yield made
        made.close()
        return
    shared: Database = request.getfixturevalue("on_postgres")
    yield shared
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with shared.writing() as session:
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


@pytest.fixture
def house(database: Database) -> House:
    """A province on each database."""
    return House(database)
