"""A feed's own time zones: each under a name that is of what it says and of no other feed's."""

from datetime import timedelta

import icalendar
import pytest

from appliance.wire.calendar.calendar_text import Component
from appliance.wire.calendar.zones import read_zones, renamed


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
        row = renamed("DTSTART;TZID=Giờ xã:20260302T080000", names)
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
        ("DTSTART;TZID=A:2026", "DTSTART;TZID=z:2026"),
        ('DTSTART;TZID="A":2026', "DTSTART;TZID=z:2026"),
        ("DTSTART;VALUE=DATE;tzid=A;X=1:2026", "DTSTART;VALUE=DATE;TZID=z;X=1:2026"),
        ("EXDATE;TZID=A:2026,2027", "EXDATE;TZID=z:2026,2027"),
        ("DTSTART;TZID=B:2026", "DTSTART;TZID=B:2026"),
        ("DTSTART;TZID=AB:2026", "DTSTART;TZID=AB:2026"),
        ("DTSTART:2026", "DTSTART:2026"),
    ],
)
def test_only_the_tzid_of_a_line_is_rewritten(row: str, wanted: str) -> None:
    assert renamed(row, {"A": "z"}) == wanted
    assert renamed(row, {}) == row
