"""Tables and migrations say the same; last reports are the newest, whoever writes them."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from services.province.storage.database import Database
from services.province.storage.partitions import is_partition
from services.province.storage.reports import Report, record_report
from services.province.storage.tables import Base, LastReport, Place, Site


def add_site(database: Database, name: str = "ia-kly") -> None:
    with database.writing() as session:
        place = Place(name="Xã Ia Kly", parent_id=None)
        session.add(place)
        session.flush()
        session.add(Site(id=name, place_id=place.id, name=name, feed_token="t", created_at=0.0))


def last(database: Database, kind: str = "health") -> LastReport:
    with database.reading() as session:
        return session.scalars(select(LastReport).where(LastReport.kind == kind)).one()


def test_the_migrations_make_the_tables_of_this_release(database: Database) -> None:
    own = {"include_name": lambda name, kind, _: kind != "table" or not is_partition(name)}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=own)
        assert compare_metadata(context, Base.metadata) == []


def test_to_migrate_twice_and_by_two_copies_at_once_changes_nothing(database: Database) -> None:
    others = [Database(database.url.render_as_string(hide_password=False)) for _ in range(2)]
    threads = [threading.Thread(target=other.upgrade) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for other in others:
        other.close()
    add_site(database)


def test_of_one_boot_the_higher_number_is_newer(database: Database) -> None:
    add_site(database)
    with database.writing() as session:
        assert record_report(session, "ia-kly", Report(10.0, "a", 1, {"t": 1}), 100.0)
        assert record_report(session, "ia-kly", Report(5.0, "a", 3, {"t": 3}), 101.0)
        assert not record_report(session, "ia-kly", Report(11.0, "a", 2, {"t": 2}), 102.0)
        assert not record_report(session, "ia-kly", Report(11.0, "a", 3, {"t": 3}), 103.0)
    assert (last(database).seq, last(database).state) == (3, {"t": 3})
    assert last(database).received_at == 101.0


def test_the_boot_before_does_not_speak_again(database: Database) -> None:
    add_site(database)
    with database.writing() as session:
        assert record_report(session, "ia-kly", Report(10.0, "a", 9, {}), 1.0)
        assert record_report(session, "ia-kly", Report(0.0, "b", 1, {}), 2.0)
        assert not record_report(session, "ia-kly", Report(99.0, "a", 10, {}), 3.0)
        assert record_report(session, "ia-kly", Report(0.0, "b", 2, {}), 4.0)
        assert not record_report(session, "ia-kly", Report(99.0, "a", 11, {}), 5.0)
    assert (last(database).boot_id, last(database).seq) == ("b", 2)


def test_each_kind_has_its_own_last_report(database: Database) -> None:
    add_site(database)
    with database.writing() as session:
        assert record_report(session, "ia-kly", Report(10.0, "a", 5, {}), 1.0)
        assert record_report(session, "ia-kly", Report(10.0, "a", 1, {"up": 1}), 1.0, "presence")
    assert last(database, "presence").state == {"up": 1}


def test_a_site_that_nobody_knows_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        record_report(session, "nobody", Report(1.0, "a", 1, {}), 1.0)


def test_many_writers_at_once_lose_nothing(database: Database) -> None:
    add_site(database)
    taken: list[bool] = []

    def write(first: int) -> None:
        for seq in range(first, 60, 4):
            with database.writing() as session:
                taken.append(record_report(session, "ia-kly", Report(1.0, "a", seq, {}), 1.0))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(taken) == 60
    assert last(database).seq == 59
