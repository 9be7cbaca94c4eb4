"""What producers write wrongly in one line costs that line: never the meeting, never the reader."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.calendar.agenda import Agenda, FeedError, read_agenda

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN, END = (datetime(2026, 3, day, tzinfo=ZONE).timestamp() for day in (1, 29))
ADDRESS = "sip:724999@mcu.gialai.example"
TIMES = ("DTSTART;TZID=Asia/Ho_Chi_Minh:20260309T090000",
         "DTEND;TZID=Asia/Ho_Chi_Minh:20260309T100000")  # fmt: skip
PLACE = f"LOCATION:{ADDRESS}"


def feed(*lines: str, method: str = "") -> bytes:
    """A calendar of one event; the lines may hold the next one."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", *([f"METHOD:{method}"] if method else [])]
    return "\r\n".join(
        [*head, "BEGIN:VEVENT", "UID:a", "SUMMARY:Giao ban", *lines, "END:VEVENT", "END:VCALENDAR"]
    ).encode()


def read(body: bytes) -> Agenda:
    return read_agenda(body, begin=BEGIN, end=END, zone=ZONE)


def hours(agenda: Agenda) -> list[str]:
    """Day, begin and end of each meeting; each has the one address."""
    assert {meeting.address for meeting in agenda.meetings} <= {ADDRESS}
    return [
        f"{datetime.fromtimestamp(one.begin, ZONE):%d %H:%M}"
        f"-{datetime.fromtimestamp(one.end, ZONE):%H:%M}"
        for one in agenda.meetings
    ]


ONE, NO_END = ["09 09:00-10:00"], ["09 09:00-10:00"]


@pytest.mark.case("P1")
@pytest.mark.parametrize(
    "line",
    [
        'ORGANIZER;CN=Phòng "Một cửa" xã:mailto:x@example.org', "ORGANIZER;CN=A, B:mailto:x@y",
        'ORGANIZER;CN="nửa:mailto:x@y', "ORGANIZER", "ORGANIZER;CN=:", 'SUMMARY;LANGUAGE="vi:Họp',
        "STATUS;X=\x01:", "SEQUENCE:hai", "SEQUENCE;;:1", "DTSTAMP:hôm nay", "DTSTAMP",
        "LAST-MODIFIED:00010101T000000Z", 'X-DIEMCAU-SPEAK;X="a:FREE', "một dòng không có gì",
        ";;;", "URL", "URL:http://[", 'DESCRIPTION;ALTREP="x:y', "EXRULE:FREQ=", "UID",
    ],
)  # fmt: skip
def test_a_line_that_says_neither_hour_nor_address_costs_itself(line: str) -> None:
    agenda = read(feed(*TIMES, PLACE, line))
    assert hours(agenda) == ONE
    assert agenda.left_out == ()


@pytest.mark.case("P1")
def test_who_chairs_is_read_out_of_a_name_with_quotes() -> None:
    (meeting,) = read(feed(*TIMES, 'ORGANIZER;CN=Phòng "Một cửa" xã:mailto:x@y')).meetings
    assert meeting.chair == "Phòng Một cửa xã"
    (meeting,) = read(feed(*TIMES, "ORGANIZER;CN=Ông A, Chủ tịch;ROLE=CHAIR:mailto:x@y")).meetings
    assert meeting.chair == "Ông A, Chủ tịch"


@pytest.mark.case("P2")
@pytest.mark.parametrize(
    "start",
    [
        "DTSTART;VALUE=DATE;TZID=Asia/Ho_Chi_Minh:20260309", "DTSTART;VALUE=DATE:20260309",
        "DTSTART;TZID=Asia/Ho_Chi_Minh;VALUE=DATE:20260309", "DTSTART:20260309",
        'DTSTART;TZID="(UTC+07:00) Hà Nội":20260309', "DTSTART;VALUE=DATE-TIME:20260309",
    ],
)  # fmt: skip
def test_a_day_is_a_day_and_is_not_dialled(start: str) -> None:
    agenda = read(feed(start, PLACE))
    assert agenda.meetings == ()
    assert agenda.left_out == ("Giao ban",)
    assert read(feed(start)).problems == (), "without an address it is somebody's holiday"


@pytest.mark.case("P2")
@pytest.mark.parametrize("name", ["EXDATE", "RDATE"])
@pytest.mark.parametrize("tzid", ["", ";TZID=Asia/Ho_Chi_Minh"])
def test_a_day_with_tzid_among_the_days_left_out_or_added(name: str, tzid: str) -> None:
    line = f"{name};VALUE=DATE{tzid}:20260310"
    agenda = read(feed(*TIMES, PLACE, "RRULE:FREQ=DAILY;COUNT=2", line))
    assert hours(agenda)[0] == ONE[0]
    assert agenda.left_out == ()
    assert ("10 09:00-10:00" in hours(agenda)) is (name == "RDATE")


@pytest.mark.case("P5")
@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        ("DTEND:", NO_END), ("DTEND;TZID=Asia/Ho_Chi_Minh:mười giờ", NO_END), ("DTEND", NO_END),
        ("DURATION:1 tiếng", NO_END), ("DURATION:", NO_END), ("DURATION:P1M", NO_END),
        ("DTEND:20260309T250000", NO_END), ("DTEND:20260332T100000", NO_END),
        ("DURATION:PT1H30M ", ["09 09:00-10:30"]), ("DURATION:1H30M", ["09 09:00-10:30"]),
        ("DURATION:pt90m", ["09 09:00-10:30"]), ("DURATION:P0DT2H", ["09 09:00-11:00"]),
        ("DTEND;TZID=Asia/Ho_Chi_Minh:20260309T240000", ["09 09:00-00:00"]),
        ("DTEND;TZID=Asia/Ho_Chi_Minh:20260309T105960", ["09 09:00-10:59"]),
        ("DTEND:2026-03-09T11:00:00+07:00", ["09 09:00-11:00"]),
        ("DTEND;TZID=GMT+07:00:20260309T1100", ["09 09:00-11:00"]),
    ],
)  # fmt: skip
def test_an_end_that_cannot_be_read_is_as_one_that_is_missing(end: str, wanted: list[str]) -> None:
    agenda = read(feed(TIMES[0], PLACE, end))
    assert hours(agenda) == wanted
    assert agenda.left_out == ()


@pytest.mark.case("P5", "K3")
@pytest.mark.parametrize(
    "line",
    [
        "EXDATE:", "EXDATE:,,", "EXDATE;TZID=Asia/Ho_Chi_Minh:", "RDATE:", "RDATE:,", "EXDATE:hỏng",
        "EXDATE;TZID=Asia/Ho_Chi_Minh:00010101T000000", "EXDATE:00010101T000000Z",
        "EXDATE:99991231T235959Z", "EXDATE;TZID=Asia/Ho_Chi_Minh:99991231T235959",
        "EXDATE;VALUE=DATE:00010101", "EXDATE;VALUE=DATE:99991231", "EXDATE:00000000T000000Z",
        "RDATE:00010101T000000Z", "RDATE;TZID=Asia/Ho_Chi_Minh:99991231T235959",
        "RDATE;TZID=Pacific/Kiritimati:00010101T000000", "RDATE;VALUE=DATE:99991231",
        "RDATE;VALUE=PERIOD:00010101T000000Z/PT1H", "RDATE;VALUE=PERIOD:99991231T230000Z/PT9H",
        "RDATE;TZID=America/Los_Angeles:99991231T235959,00010101T000000", "EXDATE:99999999T999999Z",
    ],
)  # fmt: skip
def test_an_empty_list_and_the_edge_of_time_are_nobodys_occurrences(line: str) -> None:
    agenda = read(feed(*TIMES, PLACE, "RRULE:FREQ=DAILY;COUNT=3", line))
    assert hours(agenda) == [f"{day} 09:00-10:00" for day in ("09", "10", "11")]
    assert agenda.left_out == ()


@pytest.mark.case("K3", "P6")
@pytest.mark.parametrize("until", ["99991231T235959Z", "99991231T235959", "99991231", "22010101"])
def test_a_series_until_the_end_of_time_lives(until: str) -> None:
    agenda = read(feed(*TIMES, PLACE, f"RRULE:FREQ=WEEKLY;UNTIL={until}"))
    assert len(agenda.meetings) == 3
    assert agenda.problems == ()


@pytest.mark.case("K3", "P6")
@pytest.mark.parametrize("until", ["080000", "", "T080000Z", "20260399", "thứ sáu", "2026"])
def test_an_until_that_is_no_day_is_told(until: str) -> None:
    agenda = read(feed(*TIMES, PLACE, f"RRULE:FREQ=DAILY;COUNT=2;UNTIL={until}"))
    assert agenda.left_out == (("Giao ban",) if until else ())
    assert all("UNTIL" in problem for problem in agenda.problems)
    assert read(feed(*TIMES, "RRULE:FREQ=DAILY;UNTIL=00010101T000000Z")).meetings == ()


@pytest.mark.case("K3")
@pytest.mark.parametrize(
    "start",
    [
        "DTSTART:00010101T000000Z", "DTSTART;TZID=Asia/Ho_Chi_Minh:99991231T235959", "DTSTART:",
        "DTSTART;VALUE=DATE:00010101", "DTSTART;TZID=America/Los_Angeles:00010101T000000",
        "DTSTART", "DTSTART:9 giờ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("rule", ["RRULE:FREQ=DAILY", "X:", "RRULE:FREQ=YEARLY;COUNT=9999"])
def test_a_begin_at_the_edge_of_time_is_told(start: str, rule: str) -> None:
    agenda = read(feed(start, rule))
    assert agenda.meetings == ()
    assert agenda.left_out == ("Giao ban",)


@pytest.mark.case("K3")
@pytest.mark.parametrize("at", ["00010101T000000", "99991231T235959", "20260399T000000", ""])
@pytest.mark.parametrize("zone", ["", ";TZID=Asia/Ho_Chi_Minh", ";TZID=America/Los_Angeles"])
def test_a_change_at_the_edge_of_time_costs_itself(at: str, zone: str) -> None:
    change = ("END:VEVENT", "BEGIN:VEVENT", "UID:a", f"RECURRENCE-ID{zone}:{at}", *TIMES)
    agenda = read(feed(*TIMES, PLACE, "RRULE:FREQ=DAILY;COUNT=2", *change))
    assert hours(agenda) == ["09 09:00-10:00", "10 09:00-10:00"]
    assert len(agenda.problems) == 1


@pytest.mark.case("P5")
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY; BYDAY=MO, TU; COUNT=5", "FREQ = WEEKLY;BYDAY=MO,,TU,;COUNT=5;",
        "freq=weekly;byday=mo,tu;count=5", "FREQ=WEEKLY;BYDAY=MO,TU;COUNT=5;X-COLOUR=RED",
        "FREQ=WEEKLY;BYDAY=MO,TU;COUNT=5;BYSETPOS=", ";FREQ=WEEKLY;WKST=SU;BYDAY=MO,TU;COUNT=5",
        "RSCALE=GREGORIAN;FREQ=WEEKLY;BYDAY=MO,TU;COUNT=5",
    ],
)  # fmt: skip
def test_blanks_and_unknown_parts_of_a_rule(rule: str) -> None:
    agenda = read(feed(*TIMES, PLACE, f"RRULE:{rule}"))
    days = [day[:2] for day in hours(agenda)]
    assert days == ["09", "10", "16", "17", "23"]


def other(*lines: str, uid: str = "a") -> tuple[str, ...]:
    """A second event in the same calendar."""
    return ("END:VEVENT", "BEGIN:VEVENT", f"UID:{uid}", *lines)


@pytest.mark.case("P7")
@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH", "reply"])
def test_an_answer_is_no_meeting(method: str) -> None:
    agenda = read(feed(*TIMES, PLACE, method=method))
    assert agenda.meetings == ()
    assert agenda.cancelled == frozenset()
    both = feed(*TIMES, PLACE) + b"\r\n" + feed(*TIMES, "SEQUENCE:9", method=method)
    assert hours(read(both)) == ONE


@pytest.mark.case("P7")
@pytest.mark.parametrize("status", ["CANCELLED", "CANCELED", "canceled", " Cancelled "])
def test_a_cancellation_cancels_by_either_word_and_by_the_uid_alone(status: str) -> None:
    for lines in ((*TIMES, PLACE, f"STATUS:{status}"), (f"STATUS:{status}",)):
        agenda = read(feed(*lines))
        assert agenda.meetings == ()
        assert agenda.cancelled == frozenset({"a"})
        assert agenda.problems == ()


@pytest.mark.case("P7")
@pytest.mark.parametrize(
    ("number", "off"), [("SEQUENCE:3", True), ("SEQUENCE:2", True), ("SEQUENCE:1", False)]
)
def test_the_uid_alone_cancels_and_a_lower_sequence_never_wins(number: str, off: bool) -> None:
    meeting = feed(*TIMES, PLACE, "SEQUENCE:2", "RRULE:FREQ=DAILY;COUNT=3")
    cancel = feed(number, method="CANCEL")
    for both in (meeting + b"\r\n" + cancel, cancel + b"\r\n" + meeting):
        agenda = read(both)
        if number == "SEQUENCE:2" and both.startswith(cancel):
            continue  # of two that are equally old the later line counts
        assert (agenda.meetings == ()) is off
        assert ("a" in agenda.cancelled) is off


@pytest.mark.case("P7")
def test_one_occurrence_is_cancelled_without_its_begin() -> None:
    one = other("RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20260310T090000", "STATUS:CANCELED")
    agenda = read(feed(*TIMES, PLACE, "RRULE:FREQ=DAILY;COUNT=3", *one))
    assert hours(agenda) == ["09 09:00-10:00", "11 09:00-10:00"]


@pytest.mark.case("P4")
@pytest.mark.parametrize("name", ["LOCATION", "URL"])
@pytest.mark.parametrize("text", ["sip:", "Gọi SIP: phòng họp", "sip:1@h:99999", "janus+wss://[/"])
def test_a_text_that_names_sip_and_yields_no_address_is_told(name: str, text: str) -> None:
    agenda = read(feed(*TIMES, f"{name}:{text}"))
    (meeting,) = agenda.meetings
    assert meeting.address == ""
    (problem,) = agenda.problems
    assert f"no address can be read in its {name}" in problem


def test_what_was_left_out_long_ago_is_not_told_on_the_tv() -> None:
    broken = "RRULE:FREQ=HOURLY;INTERVAL=0"
    old = "DTSTART;TZID=Asia/Ho_Chi_Minh:20240309T090000"
    assert read(feed(old, "RRULE:FREQ=FORTNIGHTLY")).left_out == ("Giao ban",), "it may repeat"
    assert read(feed(old, "RECURRENCE-ID:hỏng")).left_out == ()
    assert read(feed(TIMES[0], "RECURRENCE-ID:hỏng")).left_out == ("Giao ban",)
    assert read(feed(*TIMES, broken)).left_out == ("Giao ban",)


STAMP = st.sampled_from(
    ["20260309T090000", "20260309", "00010101T000000", "99991231T235959", "00010101", "", "x",
     "16010101T000000Z", "20260309T090000Z", "20260309T240000", "99991231T235959Z", "T", "/PT1H",
     "20260309T090000/PT1H", "20260309T090000Z/99991231T235959Z", "0001-01-01T00:00:00+14:00"]
)  # fmt: skip
PARAMETER = st.sampled_from(
    ["", ";VALUE=DATE", ";TZID=Asia/Ho_Chi_Minh", ";TZID=America/Los_Angeles", ";VALUE=PERIOD",
     ";TZID=Pacific/Kiritimati", ';TZID="', ";TZID=(UTC+07:00) a, b", ";RANGE=THISANDFUTURE",
     ";TZID=+1400", ";TZID=Asia", ";VALUE=X;=;"]
)  # fmt: skip
RULE = st.sampled_from(
    ["FREQ=DAILY", "FREQ=YEARLY;UNTIL=99991231", "FREQ=DAILY;UNTIL=00010101T000000Z", "FREQ",
     "FREQ=WEEKLY;COUNT=99999999999999999999", "FREQ=DAILY;INTERVAL=999999999999", "COUNT=-1",
     "FREQ=MONTHLY;BYDAY=99MO", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", "FREQ=DAILY;COUNT=x",
     "FREQ=DAILY;BYHOUR=25", "FREQ=YEARLY;BYMONTH=13", "FREQ=MONTHLY;BYMONTHDAY=-31,0"]
)  # fmt: skip
LINE = st.one_of(
    st.tuples(st.sampled_from(["DTSTART", "DTEND", "EXDATE", "RDATE", "RECURRENCE-ID", "DTSTAMP"]),
              PARAMETER, STAMP).map(lambda t: f"{t[0]}{t[1]}:{t[2]}"),
    RULE.map("RRULE:".__add__),
    st.sampled_from(["DURATION:P9999999W", "DURATION:-PT1H", "SEQUENCE:9" + "9" * 5000, "STATUS:",
                     "SEQUENCE:-1", "UID:a", "UID:" + "u" * 400, "STATUS:CANCELED", "SUMMARY:"]),
    st.text(max_size=40),
    st.text(max_size=20).map("LOCATION:sip:".__add__),
)  # fmt: skip


@pytest.mark.case("K3", "P1")
@given(st.lists(st.lists(LINE, max_size=6), max_size=3), st.sampled_from(["", "CANCEL", "REPLY"]))
def test_no_feed_raises_anything_but_its_own_error(events: list[list[str]], method: str) -> None:
    lines = [line for event in events for line in (*event, *other())]
    try:
        agenda = read(feed(*lines, method=method))
    except FeedError:
        return
    for meeting in agenda.meetings:
        assert meeting.end > BEGIN - 1
        assert meeting.begin < END
    assert len(agenda.problems) <= 50
