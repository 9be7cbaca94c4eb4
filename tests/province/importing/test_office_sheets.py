"""Sheets as offices keep them: corrected, merged, signed, with other headings and letters."""

import io
import unicodedata
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font
from sqlalchemy import select

from services.province.accounts import Role
from services.province.schedule.meetings import guests
from services.province.storage.tables import Meeting, Place, Site
from tests.province.importing.uploads import csv, send, sheet
from tests.province.in_process import House, Person

SHEETS = Path(__file__).parent / "sheets"
HEAD = ["Tên cuộc họp", "Ngày", "Bắt đầu", "Kết thúc", "Địa chỉ", "Chủ tọa", "Thành phần"]
LINE = ["Giao ban", "15/03/2027", "14:00", "15:00", "sip:1@mcu.vn", "Ông A", None]


def stored(house: House) -> list[tuple[str, float, str, str]]:
    """Title, minutes, address and chair of each meeting, by entry."""
    with house.database.reading() as session:
        return [
            (one.title, one.length_s / 60, one.address, one.chair)
            for one in session.scalars(select(Meeting).order_by(Meeting.id))
        ]


@pytest.fixture
def lan(house: House) -> Person:
    for name in ("Xã S18 0", "Xã S18 1"):
        house.place("Gia Lai", name)
    return house.person("lan", Role.OPERATOR)


def take(house: House, lan: Person, content: bytes, name: str = "x.xlsx") -> str:
    return send(lan, "/import/meetings", content, name, place=str(house.place("Gia Lai")))


@pytest.mark.case("P8")
def test_a_corrected_sheet_changes_the_meeting(house: House, lan: Person) -> None:
    assert "1 mới" in take(house, lan, (SHEETS / "M5_first.xlsx").read_bytes())
    corrected = (SHEETS / "M5_corrected.xlsx").read_bytes()
    assert "0 mới, 1 thay đổi, 0 như cũ" in take(house, lan, corrected)
    assert stored(house) == [("Họp M5", 180.0, "sip:725000@mcu.gialai.example", "Bà B")]
    assert "0 mới, 0 thay đổi, 1 như cũ" in take(house, lan, corrected)
    moved = sheet(HEAD, ["HỌP M5", "15/03/2027", "15:00", "16:00", None, None, None])
    assert "0 mới, 1 thay đổi" in take(house, lan, moved)
    assert stored(house) == [("HỌP M5", 60.0, "sip:725000@mcu.gialai.example", "Bà B")]


@pytest.mark.case("P8")
def test_two_lines_of_one_hour_for_two_communes_are_two_meetings(house: House, lan: Person) -> None:
    content = (SHEETS / "M13_two_at_one_hour.xlsx").read_bytes()
    assert "2 mới" in take(house, lan, content)
    assert "0 mới, 0 thay đổi, 2 như cũ" in take(house, lan, content)
    with house.database.reading() as session:
        rows = session.scalars(select(Meeting)).all()
        assert {row.address: len(guests(session, row).places) for row in rows} == {
            "sip:1@mcu.gialai.example": 1, "sip:2@mcu.gialai.example": 1,
        }  # fmt: skip


@pytest.mark.case("P9")
def test_other_headings_are_read_and_told(house: House, lan: Person) -> None:
    page = take(house, lan, (SHEETS / "M6b_headings.xlsx").read_bytes())
    assert "1 mới" in page
    assert stored(house) == [("Họp M6b", 180.0, "sip:724999@mcu.gialai.example", "Ông A")]
    assert "STT" in page
    assert "không được đọc" in page
    page = take(house, lan, sheet([*HEAD, "Số điện thoại"], [*LINE, "0269"]))
    assert "Số điện thoại" in page


@pytest.mark.case("P9")
def test_a_letterhead_repeated_headings_and_a_signature(house: House, lan: Person) -> None:
    content = sheet(
        ["ỦY BAN NHÂN DÂN", None, "CỘNG HÒA"], ["Tên", None], [], ["LỊCH HỌP THÁNG 3"], HEAD, LINE,
        HEAD, ["Chuyên đề", *LINE[1:]], [], [None, None, None, None, "Người lập biểu"],
        [None, None, None, None, "Nguyễn Văn A"],
    )  # fmt: skip
    page = take(house, lan, content)
    assert "2 mới" in page
    assert "Dòng 10" in page


@pytest.mark.case("P9")
def test_the_statistics_office_merged_cells_and_a_signature_among_sites(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    for name in ("S1_gso_communes", "S5_merged_place", "S14b_signature"):
        answer = send(lan, "/import/sites", (SHEETS / f"{name}.xlsx").read_bytes())
        assert answer.startswith("200"), (name, answer[-3000:])
    with house.database.reading() as session:
        names = set(session.scalars(select(Site.name)))
        roots = set(session.scalars(select(Place.name).where(Place.parent_id.is_(None))))
    assert names == {"Xã Ia Kly", "Xã Ia O", "Xã S5 A", "Xã S5 B", "Xã S14b A"}
    assert roots == {"Tỉnh S1", "Tỉnh S5", "Tỉnh S14b"}


@pytest.mark.case("P9")
def test_no_commune_under_the_name_of_another(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    head = ["Tỉnh", "Huyện", "Xã"]
    for line in (["Gia Lai", "Chư Prông", None], [None, "Chư Prông", "Xã A"], [None, None, "Xã A"]):
        page = send(lan, "/import/sites", sheet(head, ["Gia Lai", "Ia Grai", "Xã Ia O"], line))
        assert page.startswith("400")
        assert "Dòng 3" in page
    twice = sheet(head, ["Gia Lai", "Ia Grai", "Xã B"], ["Gia Lai", "IA GRAI", "XÃ B"])
    assert send(lan, "/import/sites", twice).startswith("400")


@pytest.mark.case("P10")
def test_one_spelling_of_a_commune_is_all(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    name = "Xã Đắk Đoa"
    unseen = "Xã\u200b Đắk Đoa\u00a0"
    for spelt in (name, name.upper(), unicodedata.normalize("NFD", name), unseen):
        content = sheet(["Mã", "Tỉnh", "Xã"], ["dak-doa", "Gia Lai", spelt])
        assert send(lan, "/import/sites", content).startswith("200")
    with house.database.reading() as session:
        assert len(session.scalars(select(Place)).all()) == 2


@pytest.mark.case("P10")
def test_hours_of_all_kinds_and_each_wrong_line_alone(house: House, lan: Person) -> None:
    rest = [None, None, None]
    content = sheet(
        HEAD,
        ["A", "Thứ Sáu, 12/03/2027", "14 giờ 30", "4:00 CH", *rest],
        ["B", "12/03/2027", "14:00 - 16:00", None, *rest],
        ["C", "12/03/2027", timedelta(hours=8), timedelta(hours=9), *rest],
        ["D", "12/03/2027", "8:00", "5:00", *rest],
        ["E", "12/03/2027", "#N/A", None, *rest],
        ["#N/A", "12/03/2027", "9:00", None, *rest],
        ["G", "Thứ Hai, 12/03/2027", "9:00", None, *rest],
    )
    page = take(house, lan, content)
    assert page.startswith("200")
    assert [(title, minutes) for title, minutes, *_ in stored(house)] == [
        ("A", 90.0), ("B", 120.0), ("C", 60.0),
    ]  # fmt: skip
    for number in (5, 6, 7, 8):
        assert f"Dòng {number}" in page
    assert "17:00" in page


@pytest.mark.case("P10")
def test_a_list_with_semicolons_in_its_cells(house: House, lan: Person) -> None:
    content = csv(
        HEAD,
        ["Giao ban", "15/03/2027", "14:00", "15:00", "", "A, B, C, D, E, F, G, H, I, K, L",
         '"Xã S18 0; Xã S18 1"'],
    )  # fmt: skip
    assert "1 mới" in take(house, lan, content, "x.csv")


@pytest.mark.case("P10")
def test_a_formatted_cell_in_row_60000_costs_nothing(house: House, lan: Person) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.append(LINE)
    book.active.cell(60_000, 3).font = Font(bold=True)
    made = io.BytesIO()
    book.save(made)
    assert "1 mới" in take(house, lan, made.getvalue())


@pytest.mark.case("P9")
def test_a_missing_column_is_named(house: House, lan: Person) -> None:
    page = take(house, lan, sheet(["Tên", "Ghi chú"], ["Giao ban", "x"]))
    assert page.startswith("400")
    assert "Ngày" in page
