"""Both databases, each test with an empty one of its own that the migrations have made."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.province.storage.database import Database
from tests.province.postgres import Postgres, postgres

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def pg() -> Iterator[Postgres]:
    """One server for all tests, with a migrated database to copy."""
    with postgres() as server:
        template = Database(server.create("migrated"))
        template.upgrade()
        template.close()
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same test on each."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path}/province.db")
        made.upgrade()
        yield made
        made.close()
        return
    server: Postgres = request.getfixturevalue("pg")
    name = f"test_{next(NUMBERS)}"
    made = Database(server.create(name, "migrated"))
    yield made
    made.close()
    server.drop(name)
