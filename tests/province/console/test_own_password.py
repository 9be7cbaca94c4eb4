"""Everybody changes their own password: with the old one, slowly, and other sessions end."""

import pytest

from services.province.accounts import MAX_TRIES, WINDOW_S, Role
from tests.province.in_process import PASSWORD, House, Person

NEW = "hoàn toàn mới 2026"


@pytest.fixture
def lan(house: House) -> Person:
    return house.person("lan", Role.VIEWER)


def change(person: Person, old: str, new: str = NEW, again: str | None = None) -> tuple[int, str]:
    answer = person.post("/account", old=old, password=new, again=new if again is None else again)
    return answer.status_code, answer.text


def test_a_password_is_changed_and_the_other_sessions_end(house: House, lan: Person) -> None:
    elsewhere = Person(house.stranger(), "lan")
    assert elsewhere.log_in().status_code == 303
    other = house.person("hoa", Role.VIEWER)
    status, page = change(lan, PASSWORD)
    assert (status, "đã được đổi" in page) == (200, True)
    assert lan.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert other.get("/").status_code == 200
    assert elsewhere.log_in().status_code == 401
    assert elsewhere.log_in(NEW).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("not the old one", NEW, NEW, "Mật khẩu cũ không đúng"),
        ("", NEW, NEW, "Mật khẩu cũ không đúng"),
        (PASSWORD, NEW, "another one", "không giống nhau"),
        (PASSWORD, "ngắn", "ngắn", "từ 10 đến 200"),
        (PASSWORD, "x" * 201, "x" * 201, "từ 10 đến 200"),
        (PASSWORD, PASSWORD, PASSWORD, "trùng mật khẩu cũ"),
    ],
)
def test_what_is_wrong_changes_nothing(
    house: House, lan: Person, old: str, new: str, again: str, said: str
) -> None:
    elsewhere = Person(house.stranger(), "lan")
    elsewhere.log_in()
    status, page = change(lan, old, new, again)
    assert (status, said in page) == (400, True), page
    assert elsewhere.get("/").status_code == 200
    assert lan.log_in().status_code == 303


def test_an_open_session_is_no_place_to_guess_at(house: House, lan: Person) -> None:
    for number in range(MAX_TRIES["pair"]):
        assert change(lan, f"guess number {number}")[0] == 400
    status, page = change(lan, PASSWORD)
    assert (status, "Thử lại sau" in page) == (429, True)
    # It is one counter with the door's.
    assert Person(house.stranger(), "lan").log_in().status_code == 429
    house.now += WINDOW_S + 1.0
    assert change(lan, PASSWORD)[0] == 200


def test_it_stands_in_the_audit_log_without_the_password(house: House, lan: Person) -> None:
    change(lan, "a wrong guess 1")
    change(lan, PASSWORD)
    page = house.person("admin", Role.ADMINISTRATOR).get("/audit").text
    for word in ("password changed", "password refused"):
        assert word in page
    for secret in (PASSWORD, NEW, "a wrong guess 1"):
        assert secret not in page


def test_only_who_is_logged_in_changes_it(house: House, lan: Person) -> None:
    stranger = house.stranger()
    assert stranger.get("/account").status_code == 303
    fields = {"old": PASSWORD, "password": NEW, "again": NEW, "csrf": "x"}
    assert stranger.post("/account", data=fields).status_code == 401
    assert lan.client.post("/account", data=fields).status_code == 403
    assert lan.log_in().status_code == 303
