"""A feed's own time zones: each under a name that is of what it says and of no other feed's."""

from datetime import timedelta

import icalendar
import pytest

from appliance.wire.calendar.calendar_text import Component
from appliance.wire.calendar.event_lines import repaired
from appliance.wire.calendar.zones import plain_tzid, read_zones, zone_name


def zone(tzid: str, offset: str = "+0700", *more: str) -> Component:
    """A VTIMEZONE of one offset."""
    return Component("VTIMEZONE", [
        f"TZID:{tzid}", *more, "BEGIN:STANDARD", "DTSTART:19700101T000000",
        f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD",
    ])  # fmt: skip


def test_two_feeds_mean_two_zones_by_one_tzid() -> None:
    notes: list[str] = []
    here = read_zones([zone("Giờ xã", "+0700")], notes)
    there = read_zones([zone("Giờ xã", "+0800")], notes)
    assert here.keys() == there.keys() == {"Giờ xã"}
    assert here["Giờ xã"] != there["Giờ xã"]
    assert notes == []
    for names, hours in ((here, 7), (there, 8), (here, 7)):
        row = repaired("DTSTART", "DTSTART;TZID=Giờ xã:20260302T080000", names, notes)
        event = icalendar.Event.from_ical(f"BEGIN:VEVENT\r\n{row}\r\nEND:VEVENT\r\n")
        assert event.decoded("DTSTART").utcoffset() == timedelta(hours=hours)


def test_what_makes_no_difference_to_the_hours_makes_none_to_the_name() -> None:
    plain = read_zones([zone("A")], [])
    dated = read_zones([zone("B", "+0700", "LAST-MODIFIED:20260101T000000Z", "X-LIC:x")], [])
    assert plain["A"] == dated["B"]


@pytest.mark.parametrize("tzid", ["Asia/Ho_Chi_Minh", "/Europe/Berlin", "UTC", ""])
def test_a_zone_of_the_tz_database_needs_no_other(tzid: str) -> None:
    notes: list[str] = []
    assert read_zones([zone(tzid), Component("VEVENT", ["UID:a"])], notes) == {}
    assert notes == []


def test_a_zone_that_cannot_be_read_is_told_and_the_others_are_read() -> None:
    notes: list[str] = []
    names = read_zones([zone("Hỏng", "bảy giờ"), zone("Tốt")], notes)
    assert list(names) == ["Tốt"]
    (note,) = notes
    assert "'Hỏng' is left out" in note


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("DTSTART;TZID=A:20260302T080000", 'DTSTART;TZID="z":20260302T080000'),
        ('DTSTART;TZID="A":20260302T080000', 'DTSTART;TZID="z":20260302T080000'),
        ("EXDATE;tzid=A;X=1:20260302T08,20260302T0800", 'EXDATE;TZID="z":20260302T080000'),
        ("DTSTART;VALUE=DATE;TZID=A:20260302", "DTSTART;VALUE=DATE:20260302"),
        ("DTSTART;TZID=B:20260302T080000", 'DTSTART;TZID="B":20260302T080000'),
        ("DTSTART;TZID=A:20260302T080000Z", "DTSTART:20260302T080000Z"),
        ("DTSTART:20260302T080000", "DTSTART:20260302T080000"),
        ("DTSTART;TZID=(UTC+07:00) Hà Nội:20260302T080000",
         'DTSTART;TZID="Etc/GMT-7":20260302T080000'),
    ],
)  # fmt: skip
def test_a_line_of_times_names_the_zone_that_the_library_knows(row: str, wanted: str) -> None:
    name = row.partition(";")[0].partition(":")[0]
    assert repaired(name, row, {"A": "z"}, []) == wanted


@pytest.mark.case("P3")
@pytest.mark.parametrize(
    ("tzid", "hours"),
    [
        ("tzone://Microsoft/Utc", 0), ("(UTC) Coordinated Universal Time", 0), ("Z", 0),
        ("GMT+0000", 0), ("UTC", 0), ("utc", 0), ("Etc/UTC", 0), ("GMT", 0), ("(GMT) London", 0),
        ("+0900", 9), ("(UTC+09:00) Osaka, Sapporo, Tokyo", 9), ("UTC+7", 7), ("GMT+07:00", 7),
        ("GMT+0700", 7), ("UTC-3", -3), ("UTC\N{MINUS SIGN}03:00", -3), ("(GMT+05:30) Delhi", 5.5),
        ("GMT -0330", -3.5), ("+14:00", 14), ("Etc/GMT+7", -7), ("asia/saigon", 7),
        ("/freeassociation.sourceforge.net/Tzfile/Asia/Ho_Chi_Minh", 7),
        ("/citadel.org/20210210_1/America/Argentina/Buenos_Aires", -3), ('"Asia/Bangkok"', 7),
    ],
)  # fmt: skip
def test_who_names_an_offset_is_believed(tzid: str, hours: float) -> None:
    row = f"DTSTART;TZID={zone_name(tzid, {})}:20260302T080000"
    event = icalendar.Event.from_ical(f"BEGIN:VEVENT\r\n{row}\r\nEND:VEVENT\r\n")
    assert event.decoded("DTSTART").utcoffset() == timedelta(hours=hours)


@pytest.mark.case("P3")
@pytest.mark.parametrize(
    "tzid", ["", "Giờ xã", "Asia", "tzone://Microsoft/Custom", "+9900", "2026"]
)
def test_who_names_none_is_nobody(tzid: str) -> None:
    assert zone_name(tzid, {}) == tzid


def test_quotes_and_escapes_make_no_other_zone() -> None:
    one, *others = (
        "(UTC+09:00) Osaka, Sapporo, Tokyo", '"(UTC+09:00) Osaka, Sapporo, Tokyo"',
        "(UTC+09:00) Osaka\\, Sapporo\\, Tokyo", " (UTC+09:00)  Osaka, Sapporo, Tokyo ",
    )  # fmt: skip
    assert {plain_tzid(other) for other in others} == {one}
