"""X-DIEMCAU-DOORS: a duration or seconds; what cannot be read is told and costs itself alone."""

from zoneinfo import ZoneInfo

import pytest

from appliance.wire.calendar.agenda import Agenda, read_agenda
from appliance.wire.calendar.doors import DOORS, print_doors, read_doors
from appliance.wire.meeting import DEFAULT_DOORS_S, MAX_DOORS_S


def agenda(line: str) -> Agenda:
    feed = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Giao ban\r\n"
        "DTSTART:20261101T070000Z\r\nDTEND:20261101T080000Z\r\n"
        f"{line}LOCATION:sip:1@mcu.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return read_agenda(feed.encode(), begin=0.0, end=2e9, zone=ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("PT15M", 900.0), ("0", 0.0), ("PT0S", 0.0), ("600", 600.0), ("PT1H30M", 5400.0)],
)
def test_a_meeting_says_when_its_doors_open(value: str, seconds: float) -> None:
    read = agenda(f"{DOORS}:{value}\r\n")
    (meeting,) = read.meetings
    assert (meeting.doors_s, meeting.doors) == (seconds, meeting.begin - seconds)
    assert read.problems == ()


def test_a_calendar_that_says_nothing_gets_the_default() -> None:
    (meeting,) = agenda("").meetings
    assert meeting.doors_s == DEFAULT_DOORS_S


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("foo", DEFAULT_DOORS_S), ("-PT5M", DEFAULT_DOORS_S), ("PT", DEFAULT_DOORS_S),
     ("P2D", MAX_DOORS_S), ("9" * 40, DEFAULT_DOORS_S)],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_and_costs_no_meeting(value: str, seconds: float) -> None:
    read = agenda(f"{DOORS}:{value}\r\n")
    (meeting,) = read.meetings
    assert meeting.doors_s == seconds
    assert DOORS in read.problems[0]


@pytest.mark.parametrize("seconds", [0.0, 600.0, MAX_DOORS_S])
def test_what_is_printed_is_read(seconds: float) -> None:
    problems: list[str] = []
    assert read_doors(print_doors(seconds), problems) == seconds
    assert problems == []
