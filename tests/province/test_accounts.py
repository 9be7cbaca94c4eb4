"""Accounts and their sessions: who may, for how long, and how wrong passwords slow the next try."""

import pytest

from services.province import accounts
from services.province.accounts import (
    MAX_IDLE_S,
    MAX_SESSION_S,
    MAX_TRIES,
    SEEN_INTERVAL_S,
    WINDOW_S,
    Role,
    add_account,
    change,
    change_own,
    log_in,
    whose,
)
from services.province.errors import NotFoundError, TooManyTriesError, WrongInputError
from services.province.storage.database import Database
from services.province.storage.tables import Account, LogIn, WrongPassword
from tests.province.in_process import NOON, PASSWORD

NEW = "một mật khẩu khác"


@pytest.fixture
def lan(database: Database) -> Database:
    """The administrator Lan has the account 1."""
    with database.writing() as session:
        add_account(session, " LAN ", PASSWORD, Role.ADMINISTRATOR, NOON)
    return database


def enter(database: Database, password: str = PASSWORD, at: float = NOON, ip: str = "1.1.1.1",
          name: str = "lan") -> str:  # fmt: skip
    with database.writing() as session:
        return log_in(session, name, password, ip, at)


def who(database: Database, token: str, at: float) -> str:
    with database.reading() as session:
        found = whose(session, token, at)
        return "" if found is None else found.name


def test_each_role_may_what_the_one_before_may_and_no_more() -> None:
    allowed = [[one.may(needed) for needed in Role] for one in Role]
    assert allowed == [[column <= row for column in range(4)] for row in range(4)]


def test_a_name_is_the_same_in_any_case_and_is_given_once(lan: Database) -> None:
    assert enter(lan, name="  Lan") != ""
    with lan.writing() as session:
        with pytest.raises(WrongInputError, match="“lan” already"):
            add_account(session, "Lan", PASSWORD, Role.VIEWER, NOON)
        for name in ("", " ", "x" * 61, "a\x07"):
            with pytest.raises(WrongInputError, match="1 to 60"):
                add_account(session, name, PASSWORD, Role.VIEWER, NOON)
        for password in ("x" * 9, "x" * 201):
            with pytest.raises(WrongInputError, match="10 to 200"):
                add_account(session, "hoa", password, Role.VIEWER, NOON)
        assert session.query(Account).count() == 1


def test_a_session_lasts_while_it_is_used_and_never_longer_than_a_week(lan: Database) -> None:
    token = enter(lan)
    assert who(lan, token, NOON + MAX_IDLE_S) == "lan"
    assert who(lan, token, NOON + MAX_IDLE_S + 1.0) == ""
    assert who(lan, token + "x", NOON) == ""
    with lan.writing() as session:
        assert not accounts.stale(session, token, NOON + SEEN_INTERVAL_S)
        assert accounts.stale(session, token, NOON + SEEN_INTERVAL_S + 1.0)
        accounts.seen(session, token, NOON + MAX_SESSION_S - 1.0)
    assert who(lan, token, NOON + MAX_SESSION_S) == "lan"
    assert who(lan, token, NOON + MAX_SESSION_S + 1.0) == ""


def test_no_table_holds_a_token_or_a_password(lan: Database) -> None:
    token = enter(lan)
    with lan.writing() as session:
        row, account = session.query(LogIn).one(), session.query(Account).one()
        assert token not in (row.token_hash, row.csrf)
        assert PASSWORD not in account.password
        assert account.password.startswith("$argon2id$")
        accounts.log_out(session, token)
    assert who(lan, token, NOON) == ""


def test_from_one_address_five_wrong_ones_close_the_door_for_a_quarter_of_an_hour(
    lan: Database,
) -> None:
    for second in range(MAX_TRIES["pair"]):
        assert enter(lan, "sai mật khẩu", NOON + second) == ""
    with pytest.raises(TooManyTriesError) as closed:
        enter(lan, at=NOON + 10.0)
    assert closed.value.wait_s == WINDOW_S - 10.0
    assert closed.value.values == {"minutes": "15"}
    assert enter(lan, at=NOON + 10.0, ip="2.2.2.2") != ""  # the chair is not locked out by it
    with pytest.raises(TooManyTriesError):
        enter(lan, at=NOON + WINDOW_S - 1.0)
    assert enter(lan, at=NOON + WINDOW_S + 1.0) != ""


def test_many_addresses_wear_a_name_out_and_many_names_an_address(database: Database) -> None:
    with database.writing() as session:
        for number in range(MAX_TRIES["name"]):
            session.add(WrongPassword(key="name:lan", at=NOON + number))
        for number in range(MAX_TRIES["from"]):
            session.add(WrongPassword(key="from:3.3.3.3", at=NOON + number))
    for name, ip in (("lan", "9.9.9.9"), ("ai đó", "3.3.3.3")):
        with pytest.raises(TooManyTriesError) as closed:
            enter(database, name=name, ip=ip, at=NOON + 60.0)
        assert closed.value.wait_s == WINDOW_S - 60.0
    assert enter(database, name="ai đó", ip="9.9.9.9", at=NOON + 60.0) == ""


def test_a_right_password_forgets_the_wrong_ones_of_this_pair_and_what_is_old(
    lan: Database,
) -> None:
    for second in range(MAX_TRIES["pair"] - 1):
        enter(lan, "sai mật khẩu", NOON + second)
    assert enter(lan, at=NOON + 60.0) != ""
    with lan.reading() as session:
        left = {row.key for row in session.query(WrongPassword)}
    assert left == {"name:lan", "from:1.1.1.1"}
    assert enter(lan, at=NOON + WINDOW_S + 60.0) != ""
    with lan.reading() as session:
        assert session.query(WrongPassword).count() == 0


def test_a_change_ends_the_sessions_and_one_administrator_is_left(lan: Database) -> None:
    token = enter(lan)
    with lan.writing() as session:
        hoa = add_account(session, "hoa", PASSWORD, Role.ADMINISTRATOR, NOON).id
        change(session, 1, role=Role.CHAIR)
    assert who(lan, token, NOON) == ""
    for last in ({"disabled": True}, {"role": Role.VIEWER}):
        with pytest.raises(WrongInputError, match="One administrator"), lan.writing() as session:
            change(session, hoa, **last)
    with lan.writing() as session:
        assert change(session, 1, disabled=True).disabled
        with pytest.raises(NotFoundError):
            change(session, 99)
    assert enter(lan) == ""  # a closed account's password is as good as a wrong one


def test_an_own_password_is_changed_by_the_old_one_and_ends_the_other_sessions(
    lan: Database,
) -> None:
    here, there = enter(lan), enter(lan)
    with lan.writing() as session:
        assert not change_own(session, here, "sai mật khẩu", NEW, "1.1.1.1", NOON)
        assert session.query(WrongPassword).count() == 3
        with pytest.raises(WrongInputError, match="is the old one"):
            change_own(session, here, PASSWORD, PASSWORD, "1.1.1.1", NOON)
        assert change_own(session, here, PASSWORD, NEW, "1.1.1.1", NOON)
        with pytest.raises(NotFoundError):
            change_own(session, "nobody", NEW, PASSWORD, "1.1.1.1", NOON)
    assert (who(lan, here, NOON), who(lan, there, NOON)) == ("lan", "")
    assert (enter(lan), enter(lan, NEW) != "") == ("", True)
