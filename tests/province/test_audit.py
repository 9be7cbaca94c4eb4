"""The audit log: one line for each change, cut to what the columns hold, the newest first."""

import pytest

from services.province import audit
from services.province.errors import NotFoundError
from services.province.schedule.meetings import get_meeting
from services.province.storage.database import Database
from services.province.storage.tables import AuditEntry
from tests.province.in_process import NOON


def test_a_line_holds_all_that_was_told_and_too_long_words_are_cut(database: Database) -> None:
    with database.writing() as session:
        audit.note(
            session, NOON, "l" * 61, "edit", "s" * 201, address="9" * 61, title="t" * 301, count=3
        )
    with database.reading() as session:
        entry = session.query(AuditEntry).one()
        assert (entry.at, entry.action) == (NOON, "edit")
        assert (entry.account, entry.subject, entry.address) == ("l" * 60, "s" * 200, "9" * 60)
        assert entry.detail == {"title": "t" * 300, "count": 3}


def test_the_newest_come_first_page_by_page_and_each_once(database: Database) -> None:
    with database.writing() as session:
        for number in range(audit.MAX_SHOWN + 30):
            audit.note(session, NOON - number, "lan", "edit", str(number))
            session.flush()
    with database.reading() as session:
        first = audit.newest(session)
        rest = audit.newest(session, first[-1].id)
    assert [row.subject for row in (*first, *rest)] == [str(n) for n in range(229, -1, -1)]
    assert len(first) == audit.MAX_SHOWN


def test_what_is_rolled_back_leaves_no_line(database: Database) -> None:
    with pytest.raises(NotFoundError), database.writing() as session:
        audit.note(session, NOON, "lan", "edit")
        get_meeting(session, 999)
    with database.reading() as session:
        assert audit.newest(session) == []
