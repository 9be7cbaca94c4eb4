"""A calendar taken in a second time: what it says now holds, and nothing older wins."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from services.province.accounts import Role
from services.province.settings import Settings
from services.province.storage.database import Database
from tests.province.feed import agenda
from tests.province.importing.uploads import SERIES, event, ics, send, sheet
from tests.province.in_process import House, Person

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
RULE = "RRULE:FREQ=DAILY;COUNT=3"
OFF = "EXDATE;TZID=Asia/Ho_Chi_Minh:20260314T080000"
CHANGED = (
    "UID:a@x", "SUMMARY:Chuyên đề", "CONFERENCE;VALUE=URI;FEATURE=VIDEO:sip:5@mcu.vn",
    "RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20260314T080000",
    "DTSTART;TZID=Asia/Ho_Chi_Minh:20260314T080000",
    "DTEND;TZID=Asia/Ho_Chi_Minh:20260314T090000",
)  # fmt: skip


def take(lan: Person, house: House, *events: str, method: str = "") -> str:
    """The page after the import of these events for all of the province."""
    content = ics(*events)
    if method:
        content = content.replace(b"VERSION:2.0", f"VERSION:2.0\r\nMETHOD:{method}".encode())
    root = str(house.place("Gia Lai"))
    return send(lan, "/import/meetings", content, "x.ics", place=root)


def days(house: House) -> list[str]:
    """Day, hour, title and the end of the address of what the site sees."""
    return [
        f"{datetime.fromtimestamp(one.begin, ZONE):%d %H} {one.title} {one.address[-6:]}"
        for one in agenda(house, "ia-kly").meetings
    ]


@pytest.fixture
def lan(house: House) -> Person:
    house.communes("ia-kly")
    return house.person("lan", Role.OPERATOR)


THREE = [f"{day} 08 Giao ban n=2468" for day in (13, 14, 15)]


@pytest.mark.case("P8")
def test_an_occurrence_has_its_own_title_and_address_and_keeps_them_when_moved(
    house: House, lan: Person
) -> None:
    take(lan, house, event(*SERIES, RULE), event(*CHANGED))
    assert days(house) == [THREE[0], "14 08 Chuyên đề mcu.vn", THREE[2]]
    instance = datetime(2026, 3, 14, 8, tzinfo=ZONE).timestamp()
    number = lan.get("/meetings").text.split("/meetings/")[3].split('"')[0]
    lan.post(f"/meetings/{number}/occurrences/{instance:.0f}/move",
             begin="2026-03-14T10:00", minutes="60")  # fmt: skip
    assert days(house)[1] == "14 10 Chuyên đề mcu.vn"


@pytest.mark.case("P8")
def test_an_occurrence_has_its_own_doors_in_the_calendar(house: House, lan: Person) -> None:
    one = (*CHANGED[:1], "SUMMARY:Giao ban", *SERIES[-1:], *CHANGED[3:])
    early, usual = "X-DIEMCAU-DOORS:PT45M", "X-DIEMCAU-DOORS:PT10M"
    series = event(*SERIES, RULE, "X-DIEMCAU-DOORS:PT20M")

    def doors() -> list[float]:
        return [found.doors_s / 60.0 for found in agenda(house, "ia-kly").meetings]

    take(lan, house, series, event(*one, early))
    assert doors() == [20.0, 45.0, 20.0]
    assert "0 mới, 0 thay đổi, 1 như cũ" in take(lan, house, series, event(*one, early))
    assert "0 mới, 1 thay đổi" in take(lan, house, series, event(*one, usual))
    assert doors() == [20.0, 10.0, 20.0], "what every meeting has is not what its series has"
    take(lan, house, series)
    assert doors() == [20.0] * 3


@pytest.mark.case("P8")
def test_what_is_put_back_at_the_source_takes_place_again(house: House, lan: Person) -> None:
    take(lan, house, event(*SERIES, RULE, OFF))
    assert days(house) == [THREE[0], THREE[2]]
    assert "0 mới, 1 thay đổi" in take(lan, house, event(*SERIES, RULE))
    assert days(house) == THREE
    assert "0 mới, 0 thay đổi, 1 như cũ" in take(lan, house, event(*SERIES, RULE))
    take(lan, house, event(*SERIES, RULE, "STATUS:CANCELED", "SEQUENCE:1"))
    assert days(house) == []
    take(lan, house, event(*SERIES, RULE, "SEQUENCE:2"))
    assert days(house) == THREE


@pytest.mark.case("P7", "P8")
def test_a_lower_sequence_never_wins_and_the_uid_alone_cancels(house: House, lan: Person) -> None:
    take(lan, house, event(*SERIES, RULE, "SEQUENCE:4"))
    for old in (event(*SERIES, "SEQUENCE:3"), event("UID:a@x", "STATUS:CANCELLED", "SEQUENCE:2")):
        page = take(lan, house, old)
        assert "Giao ban" in page or "a@x" in page
        assert "bản cũ hơn" in page
        assert days(house) == THREE
    assert take(lan, house, event(*SERIES, "SEQUENCE:9"), method="REPLY").startswith("200")
    assert days(house) == THREE
    take(lan, house, event("UID:a@x", "SEQUENCE:5"), method="CANCEL")
    assert days(house) == []


@pytest.mark.case("P8")
def test_what_was_cancelled_here_stays_so_and_refuses_nothing_else(
    house: House, lan: Person
) -> None:
    other = event("UID:b@x", "SUMMARY:Khác", "DTSTART:20260313T030000Z", "DURATION:PT1H")
    take(lan, house, event(*SERIES))
    number = lan.get("/meetings").text.split("/meetings/")[2].split('"')[0]
    lan.post(f"/meetings/{number}/cancel")
    page = take(lan, house, event(*SERIES), other)
    assert page.startswith("200")
    assert "đã bị hủy tại đây" in page
    assert days(house) == ["13 10 Khác "]
    take(lan, house, event(*SERIES, "SEQUENCE:1"), other)
    assert days(house) == [THREE[0], "13 10 Khác "]


@pytest.mark.case("P8", "K3")
def test_one_odd_event_costs_itself_and_is_named_with_the_reason(house: House, lan: Person) -> None:
    odd = (
        event("UID:1", "SUMMARY:Năm một", "DTSTART:00010101T000000Z"),
        event("UID:2", "SUMMARY:Mãi mãi", "DTSTART:20260313T030000Z", "RRULE:FREQ=SECONDLY"),
        event("UID:3", "SUMMARY:Không giờ", "DTSTART:9 gio"),
        event("UID:4", "DTSTART:20260313T040000Z", "DURATION:PT1H"),
    )
    page = take(lan, house, *odd, event(*SERIES, RULE, "EXDATE:00010101T000000Z"))
    assert page.startswith("200")
    assert "1 mới" in page
    for title in ("Năm một", "Mãi mãi", "Không giờ"):
        assert title in page
    assert days(house) == THREE
    audit = house.person("admin", Role.ADMINISTRATOR).get("/audit").text
    assert "refused=4" in audit


@pytest.mark.case("P11")
def test_a_host_that_no_site_dials_is_refused_by_form_sheet_and_calendar(
    database: Database,
) -> None:
    house = House(database, settings=Settings(url="http://testserver", hosts=("mcu.vn", ".hop.vn")))
    house.communes("ia-kly")
    lan = house.person("lan", Role.OPERATOR)
    root = house.place("Gia Lai")
    for host, fine in (("mcu.vn", True), ("a.hop.vn", True), ("mcv.vn", False), ("hop.vn", False)):
        address = f"sip:1@{host}"
        answer = lan.post("/meetings/new", title="Giao ban", begin="2026-03-13T08:00", minutes="60",
                          address=address, place=root)  # fmt: skip
        assert (answer.status_code == 303) is fine, host
        rows = sheet(
            ["Tên", "Ngày", "Giờ", "Địa chỉ"], [f"Họp {host}", "13/3/2026", "9:00", address]
        )
        page = send(lan, "/import/meetings", rows, place=str(root))
        assert page.startswith("200" if fine else "400"), host
        assert fine or ("Dòng 2" in page and host in page)
        one = event(f"UID:{host}", "SUMMARY:Chuyên đề", "DTSTART:20260313T030000Z",
                    f"LOCATION:{address}")  # fmt: skip
        page = take(lan, house, one)
        assert page.startswith("200" if fine else "400"), host
        assert fine or ("Chuyên đề" in page and host in page)
