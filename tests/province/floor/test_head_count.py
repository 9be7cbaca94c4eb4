"""How many people are in the hall: by the code on the TV, at the console, in the attendance."""

import io
from dataclasses import replace
from zoneinfo import ZoneInfo

import httpx
import openpyxl
import pytest

from appliance.wire.calendar.agenda import read_agenda
from appliance.wire.head_count import head_count_link, head_count_proof
from appliance.wire.room_keys import RoomKeys
from services.province.accounts import Role
from services.province.floor.head_count import EARLY_S, LATE_S, MAX_PEOPLE, head_counts
from services.province.floor.participants import OccurrenceKey
from tests.province.in_process import NOON, House, draft

BEGIN = NOON + 3600.0
ADDRESSES = ("janus+wss://hop.example/janus?room=1", "sip:724999@mcu.gialai.example")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def key(house: House) -> OccurrenceKey:
    """A meeting of two communes, now by the house's clock."""
    house.communes("ia-kly", "ia-o")
    house.now = BEGIN
    return OccurrenceKey(house.meeting(draft({house.place("Gia Lai")})), BEGIN)


def link(house: House, site: str = "ia-kly") -> str:
    """What the TV of that site shows: of its own feed, by the box's own reader."""
    feed = house.stranger().get(f"/feeds/{house.token(site)}/{site}.ics")
    (meeting,) = read_agenda(feed.content, begin=BEGIN, end=BEGIN + 9, zone=ZONE).meetings
    return head_count_link("https://province", meeting.keys).removeprefix("https://province")


def counted(house: House, key: OccurrenceKey) -> dict[str, int]:
    with house.database.reading() as session:
        return dict(head_counts(session, key))


def enter(house: House, path: str, people: str) -> httpx.Response:
    answer: httpx.Response = house.stranger().post(path, data={"people": people})
    return answer


def test_the_code_on_the_tv_opens_the_page_of_its_own_hall(
    house: House, key: OccurrenceKey
) -> None:
    path = link(house)
    page = house.stranger().get(path)
    assert page.status_code == 200
    assert "Xã ia-kly" in page.text
    assert "cache-control" in page.headers
    done = enter(house, path, "120")
    assert "Cảm ơn: 120 người." in done.text
    assert counted(house, key) == {"ia-kly": 120}
    assert enter(house, path, "95").status_code == 200
    assert counted(house, key) == {"ia-kly": 95}, "the newest counts"
    enter(house, path, "")
    assert counted(house, key) == {}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_meeting_of_any_kind_has_a_code(house: House, address: str) -> None:
    house.communes("ia-kly")
    house.now = BEGIN
    house.meeting(draft({house.place("Gia Lai")}, address=address))
    assert house.stranger().get(link(house)).status_code == 200


@pytest.mark.parametrize("people", ["-1", "5001", "1.5", "²", "1e3", "many", "9" * 400, "0x10"])
def test_what_is_no_number_of_people_changes_nothing(
    house: House, key: OccurrenceKey, people: str
) -> None:
    path = link(house)
    enter(house, path, "7")
    wrong = enter(house, path, people)
    assert wrong.status_code == 400
    assert str(MAX_PEOPLE) in wrong.text
    assert counted(house, key) == {"ia-kly": 7}


def test_a_code_of_another_site_meeting_or_hour_opens_nothing(
    house: House, key: OccurrenceKey
) -> None:
    mine, other = link(house), link(house, "ia-o")
    proof = other.rpartition("/")[2]
    assert house.stranger().get(f"/heads/ia-kly/{proof}").status_code == 404
    assert house.stranger().get(f"/heads/ia-kly/{'A' * 16}").status_code == 404
    assert house.stranger().get(f"/heads/nobody/{proof}").status_code == 404
    for at, there in (
        (BEGIN - EARLY_S - 60, False),
        (BEGIN - EARLY_S + 60, True),
        (BEGIN + 5400.0 + LATE_S - 60, True),
        (BEGIN + 5400.0 + LATE_S + 60, False),
    ):
        house.now = at
        assert (house.stranger().get(mine).status_code == 200) is there
        assert (enter(house, mine, "3").status_code == 200) is there


def test_who_guesses_is_bounded(house: House, key: OccurrenceKey) -> None:
    path = link(house)
    answers = [
        house.stranger().get(f"/heads/ia-kly/{number:016d}").status_code for number in range(40)
    ]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert house.stranger().get(path).status_code == 429, "the site's own bound, whoever used it"
    assert house.stranger().get(link(house, "ia-o")).status_code == 200, "no other site's"


def test_the_console_enters_it_and_the_attendance_and_its_sheet_tell_it(
    house: House, key: OccurrenceKey
) -> None:
    boss, lan = house.person("boss", Role.OPERATOR), house.person("lan", Role.VIEWER)
    path = f"/floor/{key.meeting_id}/{key.instance:.0f}"
    enter(house, link(house), "40")
    assert boss.post(f"{path}/people", site="ia-o", people="25").status_code == 303
    assert counted(house, key) == {"ia-kly": 40, "ia-o": 25}
    assert boss.post(f"{path}/people", site="ia-o", people="x").status_code == 400
    assert boss.post(f"{path}/people", site="nobody", people="1").status_code == 404
    assert lan.post(f"{path}/people", site="ia-o", people="1").status_code == 403
    page = lan.get(f"{path}/attendance").text
    assert "65 người dự" in page
    assert "/people" not in page, "a viewer has no form"
    sheet = lan.get(f"{path}/attendance.xlsx").content
    rows = [
        [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(sheet)).active
    ]
    assert rows[2][-1] == "Số người dự"
    assert {row[0]: row[-1] for row in rows[3:]} == {"Xã ia-kly": 40, "Xã ia-o": 25}


def test_a_link_needs_a_province_and_a_key_and_shows_no_key() -> None:
    keys = RoomKeys("m", f"ia-kly/{'k' * 43}")
    assert head_count_link("", keys) == head_count_link("https://p", None) == ""
    assert head_count_link("https://p", RoomKeys("m", "", "c" * 43)) == ""
    made = head_count_link("https://p", keys)
    assert "kkkk" not in made
    assert made != head_count_link("https://p", replace(keys, meeting="n"))
    assert len(head_count_proof(keys.site_key, "m")) == 16
