"""Thirty wrong log-ins a second: the pages stay quick, and whoever knows the password gets in."""

import asyncio
import time

import httpx
import pytest
from sqlalchemy import func, select

from services.province import accounts
from services.province.accounts import MAX_TRIES, Checked, Role, browser_mark, log_in, password_hash
from services.province.console.password_checks import MAX_WAITING, MAX_WAITING_EACH, PasswordChecks
from services.province.errors import TooManyTriesError
from services.province.storage.database import BUSY_MS
from services.province.storage.tables import AuditEntry, WrongPassword
from tests.province.in_process import PASSWORD, House

pytestmark = pytest.mark.case("K11")
WRONG = "wrong one here"


def guesses(house: House, name: str, count: int) -> list[int]:
    stranger = house.stranger()
    door = {"name": name, "password": WRONG}
    return [stranger.post("/login", data=door).status_code for _ in range(count)]


def test_a_known_browser_gets_in_while_others_guess(house: House) -> None:
    lan = house.person("lan", Role.CHAIR)
    assert 429 in guesses(house, "lan", MAX_TRIES["pair"] + 1)
    assert house.person("hoa", Role.VIEWER).name == "hoa"  # her first log-in, from there too
    assert lan.log_in().status_code == 303
    lan.client.cookies.delete("diemcau-known")
    assert lan.log_in().status_code == 429


def test_a_known_browser_is_no_way_to_guess_on(house: House) -> None:
    lan = house.person("lan", Role.CHAIR)
    statuses = [lan.log_in(WRONG).status_code for _ in range(MAX_TRIES["known"] + 2)]
    assert statuses == [401] * MAX_TRIES["known"] + [429] * 2


def test_the_mark_is_of_one_account_and_one_password(house: House) -> None:
    lan, hoa = house.person("lan", Role.ADMINISTRATOR), house.person("hoa", Role.CHAIR)
    mark = hoa.client.cookies["diemcau-known"]
    lan.client.cookies.set("diemcau-known", mark, domain="testserver.local", path="/login")
    guesses(house, "lan", MAX_TRIES["pair"])
    guesses(house, "hoa", MAX_TRIES["pair"])
    with house.database.writing() as session:
        assert browser_mark(session, "hoa") == mark
        for name in ("lan", "nobody"):
            with pytest.raises(TooManyTriesError):
                log_in(session, "lan", PASSWORD, "testclient", house.now, browser=mark)
            assert browser_mark(session, name) != mark
        account = accounts.change(session, 2, password="mật khẩu khác")
        assert account.name == "hoa"
        assert browser_mark(session, "hoa") != mark


def test_an_address_that_guesses_costs_no_writing_and_no_hashing_any_more(house: House) -> None:
    """Each try took SQLite's one lock for a fortieth of a second, and all others waited."""
    house.person("lan", Role.VIEWER)
    guesses(house, "lan", MAX_TRIES["pair"])
    with house.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(AuditEntry))
        wrong = session.scalar(select(func.count()).select_from(WrongPassword))
    with house.database.writing():  # whoever writes would wait for this
        began = time.monotonic()
        assert set(guesses(house, "lan", 20)) == {429}
        # one that wrote would wait for BUSY_MS itself; a starved machine takes seconds, too
        assert time.monotonic() - began < BUSY_MS / 1000
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before
        assert session.scalar(select(func.count()).select_from(WrongPassword)) == wrong


def test_a_check_of_a_password_that_was_changed_meanwhile_counts_for_nothing(house: House) -> None:
    house.person("lan", Role.ADMINISTRATOR)
    with house.database.writing() as session:
        old = password_hash(session, "lan", "1.1.1.1", house.now)
        stale = Checked.of(old, PASSWORD)
        assert stale.right
        accounts.change(session, 1, password="một cái khác")
        assert not log_in(session, "lan", PASSWORD, "1.1.1.1", house.now, checked=stale)


async def test_the_places_of_those_who_wait_are_bounded_and_shared() -> None:
    checks = PasswordChecks()
    known = accounts._no_password()
    at_once = [
        asyncio.create_task(checks.check(known, WRONG, f"10.0.{number // 20}.1"))
        for number in range(40)
    ]
    done = await asyncio.gather(*at_once, return_exceptions=True)
    refused = [one for one in done if isinstance(one, TooManyTriesError)]
    assert len(done) - len(refused) == 2 * MAX_WAITING_EACH
    many = [checks.check(known, WRONG, f"10.1.{number}.1") for number in range(MAX_WAITING + 5)]
    done = await asyncio.gather(*many, return_exceptions=True)
    assert sum(isinstance(one, TooManyTriesError) for one in done) == 5
    assert not (await checks.check(known, WRONG, "10.0.0.1")).right


async def test_the_pages_are_quick_meanwhile(house: House) -> None:
    """Of thirty guesses a second from as many addresses each is hashed; the pages have their own
    threads, and the event loop is free."""
    lan = house.person("lan", Role.CHAIR)
    cookies = dict(lan.client.cookies)

    def browser(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(house.app, client=(address, 1))
        return httpx.AsyncClient(
            transport=transport, base_url="http://testserver", cookies=cookies, timeout=60.0
        )

    async def guess(number: int) -> int:
        await asyncio.sleep(number / 30)
        async with browser(f"10.0.0.{number}") as http:
            door = {"name": f"n{number}", "password": WRONG}
            return (await http.post("/login", data=door)).status_code

    took: list[float] = []
    guessing = asyncio.gather(*(guess(number) for number in range(30)))
    async with browser("10.9.9.9") as http:
        while not guessing.done():
            began = time.monotonic()
            assert (await http.get("/")).status_code == 200
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
    assert set(await guessing) <= {401, 429}
    took.sort()
    assert took[int(0.95 * len(took))] < 1.0
