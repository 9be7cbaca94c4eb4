"""Days and hours as offices write them are read, or refused with a remedy."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.province.errors import WrongInputError
from services.province.importing.hours import day_of, hours_of
from services.province.importing.table import Cell


@pytest.mark.case("P10")
@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("14:00", "14:00"), ("14h", "14:00"), ("14h30", "14:30"), ("14 giờ 30", "14:30"),
        ("14 giờ 30 phút", "14:30"), ("14g30", "14:30"), ("14.30", "14:30"), ("8", "08:00"),
        ("2:00 CH", "14:00"), ("2:00 PM", "14:00"), ("2 giờ chiều", "14:00"), ("12:30 CH", "12:30"),
        ("8:00 SA", "08:00"), ("8h sáng", "08:00"), ("7 giờ tối", "19:00"), ("14:00:00", "14:00"),
        ("14h30'", "14:30"), ("14 giờ", "14:00"), ("14H00", "14:00"), ("00:00", "00:00"),
        ("14:00 - 16:00", "14:00-16:00"), ("14h00 – 16h30", "14:00-16:30"),
        ("từ 14 giờ đến 16 giờ", "14:00-16:00"), ("8:00-9:30", "08:00-09:30"),
        ("7 giờ 30 - 9 giờ sáng", "07:30-09:00"), ("14h00 đến 16h00", "14:00-16:00"),
    ],
)  # fmt: skip
def test_an_hour(text: str, hours: str) -> None:
    begin, end = hours_of(text, "begin")
    assert f"{begin:%H:%M}" + (f"-{end:%H:%M}" if end else "") == hours


@pytest.mark.case("P10")
@pytest.mark.parametrize(
    "text",
    ["", "sáng", "25h", "14:60", "14:00 15:00 16:00", "#N/A", "#REF!", "giờ hành chính", "14::00",
     "12/3", "-1", "1400", "14h30x", "14:00 (dự kiến)"],
)  # fmt: skip
def test_no_hour_is_guessed(text: str) -> None:
    with pytest.raises(WrongInputError):
        hours_of(text, "begin")


@pytest.mark.case("P10")
@pytest.mark.parametrize(
    "text",
    ["12/03/2027", "12/3/27", "12-3-2027", "12.03.2027", "2027-03-12", "Thứ Sáu, 12/03/2027",
     "thứ 6 ngày 12/3/2027", "T6, 12/03/2027", "ngày 12 tháng 3 năm 2027", "Ngày 12/03/2027",
     " 12 / 3 / 2027 ", "2027-03-12 00:00:00", "Thứ sáu 12-03-2027"],
)  # fmt: skip
def test_a_day(text: str) -> None:
    assert day_of(text) == date(2027, 3, 12)


@pytest.mark.case("P10")
@pytest.mark.parametrize(
    "text",
    ["", "31/02/2027", "12/3", "Thứ Bảy, 12/03/2027", "12/03/2027 - 13/03/2027", "#N/A", "mai",
     "tuần 12", "12/13/2027", "10-11/03/2027", "10/11/12/2027", "12/03/0207", "12/03/1027",
     "12/03/9999", "12-13/03/27", "Chủ nhật 12/03/2027", "tháng 3 năm 2027"],
)  # fmt: skip
def test_no_day_is_guessed(text: str) -> None:
    with pytest.raises(WrongInputError):
        day_of(text)


@pytest.mark.case("P10")
@pytest.mark.parametrize("cell", [12.03, 12.3, datetime(9999, 12, 31), date(1, 1, 1)])  # noqa: DTZ001
def test_a_cell_that_is_no_day_of_our_time(cell: Cell) -> None:
    with pytest.raises(WrongInputError, match="12/03/2027"):
        day_of(cell)


@pytest.mark.case("P10")
@pytest.mark.parametrize("cell", [14.3, 14.5, "14.3", "8.5", "8.5 - 10.5"])
def test_a_decimal_number_is_no_hour(cell: Cell) -> None:
    """A sheet makes 14.3 of 14.30 as it is typed."""
    with pytest.raises(WrongInputError, match="14:00"):
        hours_of(cell, "begin")


@pytest.mark.case("P10")
@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [("1h trưa", 13, None), ("1 giờ trưa", 13, None), ("12h trưa", 12, None),
     ("11h trưa", 11, None), ("Chiều 2h", 14, None), ("chiều: 2 giờ", 14, None),
     ("Sáng 8h00", 8, None), ("Tối: 7h", 19, None), ("Chiều 14h", 14, None),
     ("8h00 (sáng)", 8, None), ("Buổi chiều, 2h - 4h chiều", 14, 16)],
)  # fmt: skip
def test_the_half_of_the_day_in_front_or_in_brackets(
    text: str, begin: int, end: int | None
) -> None:
    assert hours_of(text, "begin") == (time(begin), None if end is None else time(end))


def test_cells_of_a_sheet_that_are_days_and_hours() -> None:
    assert day_of(datetime(2027, 3, 12, 14)) == date(2027, 3, 12)  # noqa: DTZ001
    assert day_of(46458.0) == date(2027, 3, 12)
    assert hours_of(0.5625, "begin") == (time(13, 30), None)
    assert hours_of(14.0, "begin") == (time(14), None)
    assert hours_of(time(8, 30, 59), "begin") == (time(8, 30), None)


@pytest.mark.case("P10")
@given(st.text(max_size=40) | st.text("0123456789:/.-h giờsángTHUỨ", max_size=20) | st.floats())
def test_any_cell_is_read_or_refused(cell: str | float) -> None:
    for read in (day_of, lambda value: hours_of(value, "begin")):
        try:
            read(cell)
        except WrongInputError as error:
            assert str(error)
