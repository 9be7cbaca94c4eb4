"""Days, hours and how long: in the words that people use, in both languages."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.endpoint.screen.languages import (
    countdown,
    day,
    day_and_time,
    duration,
    languages,
    time_of_day,
)

VI, EN = languages("vi").first, languages("vi").second
AT = datetime(2026, 3, 12, 8, 5, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def test_the_chosen_language_is_first_and_any_other_is_vietnamese() -> None:
    assert duration(languages("en").first, 5) == duration(EN, 5) == "5 seconds"
    assert duration(languages("en").second, 5) == duration(languages("fr").first, 5) == "5 giây"


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [
        (0, "0 giây", "0 seconds"), (1, "1 giây", "1 second"), (59, "59 giây", "59 seconds"),
        (60, "1 phút", "1 minute"), (3599, "59 phút", "59 minutes"), (3600, "1 giờ", "1 hour"),
        (86399, "23 giờ", "23 hours"), (86400, "1 ngày", "1 day"), (200000, "2 ngày", "2 days"),
    ],
)  # fmt: skip
def test_how_long_as_exactly_as_people_say_it(seconds: int, vi: str, en: str) -> None:
    assert (duration(VI, seconds), duration(EN, seconds)) == (vi, en)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "0:00"), (9, "0:09"), (272, "4:32"), (3599, "59:59"), (3600, "1:00:00"),
     (3872, "1:04:32")],
)  # fmt: skip
def test_a_countdown_stops_at_nothing(seconds: int, told: str) -> None:
    assert countdown(seconds) == told


@given(st.integers(0, 359_999))
def test_a_countdown_is_read_back_to_its_seconds(seconds: int) -> None:
    parts = [int(part) for part in countdown(seconds).split(":")]
    assert sum(part * 60**place for place, part in enumerate(reversed(parts))) == seconds
    assert all(part < 60 for part in parts[1:])


def test_today_and_tomorrow_are_words_and_every_other_day_has_its_date() -> None:
    today = AT.date()
    assert (day(VI, today, today), day(EN, today, today)) == ("Hôm nay", "Today")
    tomorrow = today + timedelta(days=1)
    assert (day(VI, tomorrow, today), day(EN, tomorrow, today)) == ("Ngày mai", "Tomorrow")
    for other in (today - timedelta(days=1), today + timedelta(days=2)):
        assert day(VI, other, today) == VI.date(other)
        assert str(other.day) in day(VI, other, today)
    assert day(VI, today, None) == VI.date(today)
    assert day(VI, date(2027, 1, 1), date(2026, 12, 31)) == "Ngày mai"


def test_an_hour_has_two_digits_and_stands_behind_its_day() -> None:
    assert time_of_day(AT) == "08:05"
    assert day_and_time(VI, AT, AT) == "Hôm nay 08:05"
    assert day_and_time(VI, AT, AT - timedelta(hours=9)) == "Ngày mai 08:05"
    assert day_and_time(VI, AT, None) == f"{VI.date(AT.date())} 08:05"
