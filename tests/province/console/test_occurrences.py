"""One occurrence of a series from the console: moved, off, and as the rule has it again."""

from datetime import datetime
from zoneinfo import ZoneInfo

import icalendar
import pytest

from services.province.accounts import Role
from services.province.schedule.feeds import site_feed
from services.province.sites.tree import get_site
from tests.province.feed import DAY, agenda
from tests.province.in_process import NOON, House, Person, draft

FIRST = NOON + 3600.0  # 12:40 at Ia Kly
LENGTH = 5400.0


@pytest.fixture
def daily(house: House) -> House:
    """A commune and a meeting on every day, an hour and a half from 12:40."""
    house.communes("ia-kly")
    house.meeting(draft({house.place("Gia Lai")}, rule="FREQ=DAILY"))
    return house


@pytest.fixture
def lan(daily: House) -> Person:
    return daily.person("lan", Role.OPERATOR)


def path(day: int, what: str = "") -> str:
    return f"/meetings/1/occurrences/{FIRST + day * DAY:.0f}{what}"


def spans(house: House, days: float = 4.0) -> list[tuple[float, float]]:
    """Begin and end of all that the site would join, in days from the first."""
    return [
        (round((one.begin - FIRST) / DAY, 4), one.end - one.begin)
        for one in agenda(house, "ia-kly", days).meetings
    ]


def feed(house: House) -> icalendar.Calendar:
    with house.database.reading() as session:
        body = site_feed(session, get_site(session, "ia-kly"), house.now)
    found = icalendar.Calendar.from_ical(body)
    assert isinstance(found, icalendar.Calendar)
    return found


def test_one_is_moved_and_the_others_stay(daily: House, lan: Person) -> None:
    page = lan.get(path(1)).text
    assert 'value="2026-03-13T12:40"' in page
    assert 'value="90"' in page
    moved = lan.post(path(1, "/move"), begin="2026-03-14T18:40", minutes="60")
    assert moved.headers["location"] == "/meetings/1"
    assert spans(daily) == [(0.0, LENGTH), (2.0, LENGTH), (2.25, 3600.0), (3.0, LENGTH)]
    (master, change) = feed(daily).events
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    assert change.decoded("RECURRENCE-ID") == datetime(2026, 3, 13, 12, 40, tzinfo=zone)
    assert (change["UID"], change["SEQUENCE"]) == (master["UID"], 1)
    page = lan.get("/meetings/1").text
    assert "18:40–19:40" in page
    assert "dời từ 12:40" in page
    # It is known by the hour that the rule gives it, and may be moved again.
    assert 'value="2026-03-14T18:40"' in lan.get(path(1)).text
    assert lan.post(path(1, "/move"), begin="2026-03-12T08:00", minutes="30").status_code == 303
    daily.now -= 6 * 3600.0
    assert spans(daily)[0][1] == 1800.0


def test_one_is_off_and_is_held_after_all(daily: House, lan: Person) -> None:
    assert lan.post(path(1, "/cancel")).status_code == 303
    assert [begin for begin, _ in spans(daily)] == [0.0, 2.0, 3.0]
    assert len(agenda(daily, "ia-kly", 4.0).cancelled) == 1
    page = lan.get("/meetings/1").text
    assert path(1, "/restore") in page
    assert path(1, '"') not in page
    assert lan.get(path(1)).status_code == 404
    assert lan.post(path(1, "/restore")).status_code == 303
    assert [begin for begin, _ in spans(daily)] == [0.0, 1.0, 2.0, 3.0]
    assert lan.post(path(1, "/restore")).status_code == 404


def test_a_moved_one_goes_back(daily: House, lan: Person) -> None:
    assert "restore" not in lan.get(path(0)).text
    lan.post(path(0, "/move"), begin="2026-03-12T14:00", minutes="90")
    assert "restore" in lan.get(path(0)).text
    assert lan.post(path(0, "/restore")).status_code == 303
    assert spans(daily, 2.0) == [(0.0, LENGTH), (1.0, LENGTH)]


def doors(house: House, days: float = 4.0) -> list[float]:
    """How many minutes early the site joins each, in their order."""
    return [one.doors_s / 60.0 for one in agenda(house, "ia-kly", days).meetings]


def test_one_evening_has_doors_of_its_own(daily: House, lan: Person) -> None:
    same = {"begin": "2026-03-13T12:40", "minutes": "90"}
    assert "để trống: 10, như cả chuỗi" in lan.get(path(1)).text
    assert lan.post(path(1, "/move"), **same, doors="45").status_code == 303
    assert doors(daily) == [10.0, 45.0, 10.0, 10.0]
    assert [begin for begin, _ in spans(daily)] == [0.0, 1.0, 2.0, 3.0]
    assert 'name="doors" type="number" inputmode="numeric" min="0" max="120" value="45"' in (
        lan.get(path(1)).text
    )
    assert "vào trước 45 phút" in lan.get("/meetings/1").text
    assert lan.post(path(2, "/move"), begin="2026-03-14T12:40", minutes="90", doors="0")
    assert doors(daily) == [10.0, 45.0, 0.0, 10.0]
    lan.post(path(1, "/move"), **same, doors="")
    assert doors(daily) == [10.0, 10.0, 0.0, 10.0], "as the series has it"
    assert lan.post(path(2, "/restore")).status_code == 303
    assert doors(daily) == [10.0] * 4


def test_what_cannot_be_is_said_beside_the_field(daily: House, lan: Person) -> None:
    for field, value, said in (
        ("begin", "mai", "không phải là ngày giờ"),
        ("begin", "1999-01-01T00:00", "Năm phải từ 2000"),
        ("minutes", "2", "từ 5 phút đến 24 giờ"),
        ("minutes", "x", "không phải là số phút"),
        ("doors", "x", "không phải là số phút"),
        ("doors", "121", "từ 0 đến 120 phút"),
    ):
        fields = {"begin": "2026-03-12T14:00", "minutes": "60", field: value}
        answer = lan.post(path(0, "/move"), **fields)
        assert (answer.status_code, said in answer.text) == (400, True), value
        assert 'aria-invalid="true"' in answer.text
    for wrong in ("/meetings/1/occurrences/7", "/meetings/9/occurrences/7"):
        assert lan.get(wrong).status_code == 404
        for what in ("move", "cancel", "restore"):
            fields = {"begin": "2026-03-12T14:00", "minutes": "60"}
            assert lan.post(f"{wrong}/{what}", **fields).status_code == 404, what
    an = daily.person("an", Role.VIEWER)
    for what in ("move", "cancel", "restore"):
        assert an.post(path(0, f"/{what}")).status_code == 403
    assert spans(daily, 1.0) == [(0.0, LENGTH)]


def test_a_single_meeting_has_no_occurrence_to_move(house: House) -> None:
    house.communes("ia-kly")
    house.meeting(draft({house.place("Gia Lai")}))
    lan = house.person("lan", Role.OPERATOR)
    assert lan.get(path(0)).status_code == 404


def test_attendance_tells_the_hour_at_which_it_was_held(daily: House, lan: Person) -> None:
    lan.post(path(0, "/move"), begin="2026-03-12T15:00", minutes="90")
    assert "15:00" in lan.get(f"/floor/1/{FIRST:.0f}/attendance").text
