"""Sheets and calendars in, site files out; and files that are made to harm."""

import io
import zipfile
from datetime import datetime, time

import pytest

from appliance.base.site_file import parse_site
from services.province.accounts import Role
from services.province.importing.sites_sheet import id_of
from services.province.importing.table import MAX_UNPACKED_BYTES, plain
from services.province.settings import Settings
from services.province.storage.database import Database
from tests.province.importing.uploads import SERIES, event, ics, packed, send, sheet, with_member
from tests.province.in_process import ADDRESS, House

COMMUNES = sheet(
    ["Danh sách điểm cầu năm 2026"],
    ["Tên điểm cầu", "Tỉnh", "Huyện", "Xã", "Ghi chú"],
    ["Xã Ia Kly", "Gia Lai", "Chư Prông", "Xã Ia Kly", "mới"],
    ["", "Gia Lai", "Chư Prông", "Xã Ia O", None],
    [],
    ["Xã Ia O", "Gia Lai", "Ia Grai", "Xã Ia O", 3],
)


def test_a_sheet_of_communes_becomes_sites_and_their_files(database: Database) -> None:
    settings = Settings(
        "https://hop.gialai.example",
        hosts=("mcu.gialai.example",),
        ca="/etc/diemcau/ca.pem",
        releases="https://hop.gialai.example/moi.raucb",
    )
    house = House(database, settings=settings)
    lan = house.person("lan", Role.OPERATOR)
    lan.client.base_url = "https://testserver"
    assert "200" in send(lan, "/import/sites", COMMUNES)[:4]
    assert "Gia Lai › Ia Grai › Xã Ia O" in lan.get("/sites/ia-o-2").text

    answer = lan.get("/site-files.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.namelist() == [
            "ia-kly/site.toml", "ia-o/site.toml", "ia-o-2/site.toml",
        ]  # fmt: skip
        site = parse_site(packed.read("ia-kly/site.toml"))
        assert (site.site.id, site.site.name) == ("ia-kly", "Xã Ia Kly")
        assert site.agenda.url == (
            f"https://hop.gialai.example/feeds/{house.token('ia-kly')}/ia-kly.ics"
        )
        assert site.agenda.hosts == ("mcu.gialai.example",)
        assert site.agenda.ca == site.province.ca == "/etc/diemcau/ca.pem"
        assert site.province.releases == "https://hop.gialai.example/moi.raucb"
    one = lan.get("/sites/ia-o/site.toml").content
    assert parse_site(one).site.name == "Xã Ia O"

    token = house.token("ia-kly")
    again = send(lan, "/import/sites", COMMUNES)
    assert "0 mới, 0 thay đổi, 3 như cũ" in again
    assert house.token("ia-kly") == token


def test_only_operators_take_site_files(house: House) -> None:
    house.communes("ia-kly")
    viewer = house.person("hoa", Role.VIEWER)
    for path in ("/site-files.zip", "/sites/ia-kly/site.toml", "/import/sites", "/import/meetings"):
        assert viewer.get(path).status_code == 403
    assert viewer.post("/import/sites").status_code == 403


def test_a_csv_of_excel_is_read_as_it_comes(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    text = "Mã;Tên;Đơn vị\r\nia-kly;Xã Ia Kly;Gia Lai / Xã Ia Kly\r\n"
    for content in (text.encode("utf-8-sig"), text.replace(";", "\t").encode("utf-16")):
        assert send(lan, "/import/sites", content, "x.csv").startswith("200")
    assert lan.get("/sites/ia-kly").status_code == 200


def test_one_wrong_line_and_nothing_is_taken_in(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    faulty = sheet(
        ["Tên", "Mã", "Đơn vị"],
        ["Xã A", "xa-a", "Gia Lai"],
        ["Xã B", "Xã B!", "Gia Lai"],
        ["Xã C", "xa-a", "Gia Lai"],
        ["x" * 70, "xa-d", "Gia Lai"],
    )
    page = send(lan, "/import/sites", faulty)
    assert page.startswith("400")
    for line in ("Dòng 3", "Dòng 4", "Dòng 5"):
        assert line in page
    assert lan.get("/sites/xa-a").status_code == 404


def test_ids_are_made_from_names() -> None:
    assert id_of("Xã Ia Kly") == "ia-kly"
    assert id_of("Thị trấn Đak Đoa") == "dak-doa"
    assert id_of("???") == "diem-cau"
    assert plain("  TÊN, điểm-cầu:") == "ten diem cau"


MEETINGS = sheet(
    ["Nội dung", "Ngày", "Từ", "Đến", "Địa chỉ", "Chủ trì", "Thành phần"],
    ["Giao ban", "12/03/2026", "14:00", "15h30", ADDRESS, "Bà Hoa", "Xã ia-kly"],
    ["Chuyên đề", datetime(2026, 3, 13), time(8, 30), time(9, 0), "", "", ""],  # noqa: DTZ001
)


def test_a_sheet_of_meetings(house: House) -> None:
    house.communes("ia-kly", "ia-o")
    lan = house.person("lan", Role.OPERATOR)
    root = str(house.place("Gia Lai"))
    assert send(lan, "/import/meetings", MEETINGS, place=root).startswith("200")
    page = lan.get("/meetings").text
    assert "14:00–15:30" in page
    assert "08:30–09:00" in page
    assert "1 điểm cầu" in page
    assert "2 điểm cầu" in page
    assert "0 mới, 0 thay đổi, 2 như cũ" in send(lan, "/import/meetings", MEETINGS, place=root)
    wrong = sheet(
        ["Tên", "Ngày", "Giờ"], ["Họp", "31/02/2026", "14:00"], ["Họp", "1/3/2026", "25h"]
    )
    page = send(lan, "/import/meetings", wrong, place=root)
    assert page.startswith("400")
    assert "Dòng 2" in page
    assert "Dòng 3" in page


def test_a_calendar_with_a_series_one_off_and_one_moved(house: House) -> None:
    house.communes("ia-kly")
    lan = house.person("lan", Role.OPERATOR)
    root = str(house.place("Gia Lai"))
    rule = (
        "RRULE:FREQ=DAILY;COUNT=4",
        "EXDATE;TZID=Asia/Ho_Chi_Minh:20260314T080000",
    )
    moved = (
        "UID:a@x",
        "SUMMARY:Giao ban",
        "RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20260315T080000",
        "DTSTART;TZID=Asia/Ho_Chi_Minh:20260315T100000",
        "DTEND;TZID=Asia/Ho_Chi_Minh:20260315T110000",
    )
    all_day = ("UID:b@x", "SUMMARY:Nghỉ lễ", "DTSTART;VALUE=DATE:20260314")
    content = ics(event(*SERIES, *rule), event(*moved), event(*all_day))
    for _ in range(2):  # taken in again it is changed, not doubled
        assert send(lan, "/import/meetings", content, "x.ics", place=root).startswith("200")
        page = lan.get("/meetings").text
        assert page.count("08:00–09:00") == 2
        assert page.count("10:00–11:00") == 1
        assert "Nghỉ lễ" not in page

    off = ics(event(*SERIES, "STATUS:CANCELLED", "SEQUENCE:2"))
    assert send(lan, "/import/meetings", off, "x.ics", place=root).startswith("200")
    assert "Giao ban" not in lan.get("/meetings").text


def test_a_calendar_that_cannot_be_taken_in_says_why(house: House) -> None:
    house.communes("ia-kly")
    lan = house.person("lan", Role.OPERATOR)
    root = str(house.place("Gia Lai"))
    for content in (
        b"BEGIN:VCALENDAR\r\n",
        ics(event("UID:c@x", "SUMMARY:Họp")),
        ics(event(*SERIES, "RRULE:FREQ=SECONDLY")),
        ics(event(*SERIES, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY;BYDAY=SU")),
    ):
        page = send(lan, "/import/meetings", content, "x.ics", place=root)
        assert page.startswith("400"), page
    assert "Giao ban" not in lan.get("/meetings").text
    assert send(lan, "/import/meetings", ics(event(*SERIES)), "x.ics").startswith("400")


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>"""


@pytest.fixture
def harm() -> dict[str, bytes]:
    bomb = packed(**{"xl__worksheets__sheet1.xml": b"\0" * (MAX_UNPACKED_BYTES + 1)})
    assert len(bomb) < 1_000_000
    return {
        "empty": b"",
        "bomb": bomb,
        "many": packed(**{f"m{number}": b"" for number in range(600)}),
        "laughs": with_member(COMMUNES, "xl/worksheets/sheet1.xml", LAUGHS),
        "no book": packed(x=b"x"),
        "half": COMMUNES[: len(COMMUNES) // 2],
        "not a zip": b"PK\x03\x04" + b"x" * 100,
        "picture": b"\x89PNG\r\n\x1a\n\xff\xfe",
        "quotes": b'"' * 200_000,
        "broken sheet": with_member(COMMUNES, "xl/worksheets/sheet1.xml", b"<worksheet><row"),
        "broken book": with_member(COMMUNES, "xl/workbook.xml", b"<workbook><"),
        "laughing book": with_member(COMMUNES, "xl/workbook.xml", LAUGHS),
        "broken types": with_member(COMMUNES, "[Content_Types].xml", b"\xff\xfe<"),
        "far row": with_member(
            COMMUNES, "xl/worksheets/sheet1.xml",
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            b'<sheetData><row r="999999999"><c r="A999999999" t="inlineStr"><is><t>T\xc3\xaan'
            b"</t></is></c></row></sheetData></worksheet>",
        ),
    }  # fmt: skip


def test_files_made_to_harm_are_told_as_wrong(house: House, harm: dict[str, bytes]) -> None:
    lan = house.person("lan", Role.OPERATOR)
    for what, content in harm.items():
        for path in ("/import/sites", "/import/meetings"):
            answer = send(lan, path, content, "../../../etc/cron.d/x.xlsx")
            assert answer.startswith("400"), (what, path)
            assert 'role="alert"' in answer, (what, path)
