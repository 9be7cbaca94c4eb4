"""The cells of a sheet: headings in any spelling, delimiters, encodings, and the bounds."""

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.province.errors import WrongInputError
from services.province.importing.table import (
    MAX_CELL_LETTERS,
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    MAX_ROWS,
    SheetRow,
    plain,
    read_sheet,
)
from tests.province.importing.uploads import sheet

COLUMNS = {"name": ("Tên", "Site"), "id": ("Mã",)}


def csv(text: str) -> list[SheetRow]:
    return read_sheet(text.encode(), COLUMNS).rows


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_a_heading_is_the_same_in_any_case_and_twice(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert plain(f"  {text}: ") == once
    assert once == once.strip().lower()
    assert once.isascii()


@pytest.mark.parametrize("spelt", ["Tên", "TEN", " tên: ", "Te\u0302n", "name", "SITE"])
def test_each_spelling_of_a_heading_is_known(spelt: str) -> None:
    (row,) = csv(f"{spelt},Mã,Khác\nXã A,a-1,x\n")
    assert (row.number, dict(row.cells)) == (2, {"name": "Xã A", "id": "a-1"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_stands_there_most(delimiter: str) -> None:
    lines = [["Tên", "Mã"], ["Xã A", "a"], ["", ""], ["Xã B", ""]]
    rows = csv("\r\n".join(delimiter.join(line) for line in lines))
    assert [(row.number, row.text("name"), row.text("id")) for row in rows] == [
        (2, "Xã A", "a"), (4, "Xã B", ""),
    ]  # fmt: skip


def test_a_quoted_cell_keeps_its_comma_and_its_second_line() -> None:
    (row,) = csv('Tên,Mã\n"Xã A, thôn 1\nBản 2",a\n')
    assert row.cells["name"] == "Xã A, thôn 1\nBản 2"
    assert row.text("name") == "Xã A, thôn 1 Bản 2"


def test_lines_above_the_headings_are_passed_over_and_numbers_count_from_the_top() -> None:
    rows = csv("Danh sách,2026\n\nMã,Tên\na,Xã A\n")
    assert [(row.number, row.text("id")) for row in rows] == [(4, "a")]


def test_a_whole_number_of_excel_is_told_without_its_point() -> None:
    rows = read_sheet(sheet(["Tên", "Mã"], [12.0, 12.5], [True, date(2026, 3, 12)]), COLUMNS).rows
    assert [(row.text("name"), row.text("id")) for row in rows] == [
        ("12", "12.5"), ("True", "2026-03-12 00:00:00"),
    ]  # fmt: skip
    assert SheetRow(1, {"name": time(14, 0)}).text("name") == "14:00:00"
    assert rows[0].text("nothing of that name") == ""


def test_a_cell_is_cut_at_its_bound_and_holds_no_zero_byte() -> None:
    (row,) = csv(f"Tên,Mã\n{'x' * (MAX_CELL_LETTERS + 9)},a\0b\n")
    assert len(row.text("name")) == MAX_CELL_LETTERS
    assert row.text("id") == "ab"


def test_what_is_right_of_the_last_column_is_not_read() -> None:
    heads = ["x"] * MAX_COLUMNS
    with pytest.raises(WrongInputError, match="Tên, Mã"):
        csv(",".join([*heads, "Tên"]))
    assert csv(",".join([*heads[1:], "Tên"]) + "\n" + "," * (MAX_COLUMNS - 1) + "A")[0].number == 2


def test_the_largest_sheet_is_taken_and_one_row_more_is_not() -> None:
    text = "Tên\n" + "A\n" * (MAX_ROWS - 1)
    assert len(csv(text)) == MAX_ROWS - 1
    with pytest.raises(WrongInputError, match="more than 20000 rows"):
        csv(text + "A\n")
    with pytest.raises(WrongInputError, match="more than 8 MB"):
        read_sheet(b"x" * (MAX_FILE_BYTES + 1), COLUMNS)


@pytest.mark.parametrize("content", [b"", b"\xff\xfea", b"T\xean,M\xe3\n", b"A,B\nC,D\n"])
def test_what_is_no_sheet_of_ours_is_wrong_as_a_file(content: bytes) -> None:
    with pytest.raises(WrongInputError) as refused:
        read_sheet(content, COLUMNS)
    assert refused.value.field == "file"


BOOK = sheet(["Tên", "Mã"], ["Xã A", "a-1"], ["Xã B", "a-2"])


@pytest.mark.case("K11")
@settings(max_examples=200, derandomize=True)
@given(st.integers(0, len(BOOK) - 1), st.integers(0, 255))
def test_a_byte_that_is_another_makes_no_error_but_its_word(place: int, value: int) -> None:
    """Within a member's bytes zlib itself says no; elsewhere the XML, or the archive."""
    try:
        rows = read_sheet(BOOK[:place] + bytes((value,)) + BOOK[place + 1 :], COLUMNS).rows
    except WrongInputError as refused:
        assert refused.field == "file"
    else:
        assert len(rows) <= 2


def test_every_byte_of_a_member_may_be_damaged() -> None:
    begin = BOOK.index(b"sheet1.xml") + len("sheet1.xml")
    for place in range(begin, begin + 60):
        with pytest.raises(WrongInputError):
            read_sheet(BOOK[:place] + bytes((BOOK[place] ^ 0xFF,)) + BOOK[place + 1 :], COLUMNS)


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_no_file_ends_in_anything_but_rows_or_a_word_about_it(content: bytes) -> None:
    for begin in (b"", b"PK\x03\x04", "Tên\n".encode()):
        try:
            rows = read_sheet(begin + content, COLUMNS).rows
        except WrongInputError as refused:
            assert refused.field == "file"
        else:
            assert all(row.cells for row in rows)
