"""Calendars as clumsy programs and people write them: each says the hour that was meant, or why
there is none."""

from datetime import datetime
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from appliance.wire.calendar.agenda import Agenda, read_agenda

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN, END = (datetime(2026, 3, day, tzinfo=ZONE).timestamp() for day in (1, 15))
ADDRESS = "sip:7249@mcu.gialai.gov.vn"
HERE, TOKYO = "TZID=Asia/Ho_Chi_Minh", "TZID=Asia/Tokyo"


def event(*lines: str, uid: str = "a", title: str = "Giao ban", place: str = ADDRESS) -> str:
    """A VEVENT with an address."""
    body = ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", f"LOCATION:{place}", *lines]
    return "\r\n".join([*body, "END:VEVENT"])


def read(*parts: str) -> Agenda:
    """The agenda of a calendar of these components."""
    feed = "\r\n".join(["BEGIN:VCALENDAR", *parts, "END:VCALENDAR", ""]).encode()
    return read_agenda(feed, begin=BEGIN, end=END, zone=ZONE)


def hours(agenda: Agenda) -> list[str]:
    """Day, hour and length in minutes of each meeting."""
    assert {one.address for one in agenda.meetings} <= {ADDRESS}
    return [
        f"{datetime.fromtimestamp(one.begin, ZONE):%d %H:%M}+{(one.end - one.begin) / 60:g}"
        for one in agenda.meetings
    ]


NINE = "DTSTART;TZID=Asia/Ho_Chi_Minh:20260309T090000"


@pytest.mark.case("P3")
@pytest.mark.parametrize(
    ("start", "hour"),
    [
        (';TZID="(GMT+05.30) Chennai / Kolkata":20260309T073000', "09:00"),
        (";TZID=UTC+7.5:20260309T093000", "09:00"),
        (';TZID="(GMT) Greenwich Mean Time - Dublin / London":20260309T020000', "09:00"),
        (";TZID=GMT Standard Time:20260309T020000", "09:00"),
        (":20260309T090000+07", "09:00"), (":20260309T020000 UTC", "09:00"),
    ],
)  # fmt: skip
def test_a_zone_that_names_its_offset(start: str, hour: str) -> None:
    agenda = read(event(f"DTSTART{start}"))
    assert hours(agenda) == [f"09 {hour}+60"]
    assert not any("unknown" in problem for problem in agenda.problems)


@pytest.mark.case("P3")
def test_windows_greenwich_is_london_with_its_summer() -> None:
    begin = datetime(2026, 7, 6, tzinfo=ZONE).timestamp()
    feed = f"BEGIN:VCALENDAR\n{event('DTSTART;TZID=GMT Standard Time:20260706T020000')}\n"
    agenda = read_agenda(
        f"{feed}END:VCALENDAR".encode(), begin=begin, end=begin + 86_400, zone=ZONE
    )
    assert hours(agenda) == ["06 08:00+60"]


@pytest.mark.case("P3")
@pytest.mark.parametrize(
    "lines",
    [("TZOFFSETFROM:+0900", "TZOFFSETTO:+0900"), ("DTSTART:16010101T000000", "TZOFFSETTO:+0900"),
     ("DTSTART:16010101T000000", "TZOFFSETFROM:+09:00", "TZOFFSETTO:+09:00"),
     ("DTSTART:16010101T000000", "TZOFFSETFROM:0900", "TZOFFSETTO:0900"),
     ("DTSTART:16010101T000000", "TZOFFSETFROM:+0900", "TZOFFSETTO:+0900", 'TZNAME;X=a"b:JST')],
)  # fmt: skip
def test_a_broken_vtimezone_with_one_offset(lines: tuple[str, ...]) -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:Giờ", "BEGIN:STANDARD", *lines, "END:STANDARD"]
    agenda = read(*zone, "END:VTIMEZONE", event("DTSTART;TZID=Giờ:20260309T110000"))
    assert hours(agenda) == ["09 09:00+60"]


@pytest.mark.case("P2")
@pytest.mark.parametrize(
    "lines",
    [("DTSTART;VALUE=DATE:20260309T000000", "DTEND;VALUE=DATE:20260310T000000"),
     (f"DTSTART;{HERE}:20260309T000000", f"DTEND;{HERE}:20260310T000000",
      "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"),
     ("DTSTART:20260308T170000Z", "DTEND:20260309T170000Z", "X-MICROSOFT-CDO-ALLDAYEVENT:true")],
)  # fmt: skip
def test_a_day_from_midnight_to_midnight_is_not_dialled(lines: tuple[str, ...]) -> None:
    agenda = read(event(*lines))
    assert agenda.meetings == ()
    assert agenda.left_out == ("Giao ban",)


@pytest.mark.case("P2", "P5")
@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("DTEND;VALUE=DATE:20260309",), ["09 09:00+60"]),
        (("DTEND;VALUE=DATE:20260310",), ["09 09:00+60"]),
        (("RDATE;VALUE=DATE:20260311",), ["09 09:00+60", "11 09:00+60"]),
        (("RDATE:20260311,20260312T020000Z",), ["09 09:00+60", "11 09:00+60", "12 09:00+60"]),
        (("RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260310,20260311T020000Z"),
         ["09 09:00+60", "12 09:00+60"]),
        (("RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260310T020000Z;20260311T020000Z"),
         ["09 09:00+60", "12 09:00+60"]),
        (("RDATE;VALUE=PERIOD:20260311T020000Z/20260311T010000Z",), ["09 09:00+60", "11 09:00+60"]),
        (("RDATE;VALUE=PERIOD:20260311T020000Z/P40D",), ["09 09:00+60", "11 09:00+60"]),
        (("RRULE:RRULE:FREQ=DAILY;COUNT=2",), ["09 09:00+60", "10 09:00+60"]),
        (("RRULE:FREQ=WEEKLY;BYDAY=Mon,Tue;COUNT=2",), ["09 09:00+60", "10 09:00+60"]),
        (("RRULE:FREQ=WEEKLY;BYDAY=Monday;WKST=SUN;COUNT=1",), ["09 09:00+60"]),
        (("RRULE:FREQ=WEEKLY;BYDAY=MO;TU;COUNT=2",), ["09 09:00+60", "10 09:00+60"]),
    ],
)  # fmt: skip
def test_days_among_hours_and_rules_in_other_words(
    lines: tuple[str, ...], wanted: list[str]
) -> None:
    assert hours(read(event(NINE, *lines))) == wanted


@pytest.mark.case("P2")
def test_a_day_left_out_without_its_zone_is_on_the_series_own_clock() -> None:
    start = f"DTSTART;{TOKYO}:20260309T110000"
    agenda = read(event(start, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260310T110000"))
    assert hours(agenda) == ["09 09:00+60", "11 09:00+60"]


@pytest.mark.case("P1")
def test_a_copied_event_that_kept_its_uid_is_told() -> None:
    other = event("DTSTART:20260310T020000Z", title="Bản sao")
    agenda = read(event(NINE), other)
    assert hours(agenda) == ["10 09:00+60"]
    assert agenda.left_out == ("Giao ban",)
    newer = read(event(NINE), event("DTSTART:20260310T020000Z", "SEQUENCE:1"))
    assert newer.left_out == ()


@pytest.mark.case("P1", "P4")
@pytest.mark.parametrize(
    "place", [f"Phòng họp\n{ADDRESS}", f"Phòng họp\nĐịa chỉ: {ADDRESS}\nTầng 2"]
)
def test_a_bare_line_break_in_a_place(place: str) -> None:
    assert hours(read(event(NINE, place=place))) == ["09 09:00+60"]
    assert read(event(NINE, place=place)).meetings[0].address == ADDRESS


@pytest.mark.case("P1")
@pytest.mark.parametrize("code", ["utf-16", "utf-16-be"])
def test_a_calendar_that_notepad_saved_as_unicode(code: str) -> None:
    text = "\r\n".join(["BEGIN:VCALENDAR", event(NINE), "END:VCALENDAR"])
    bom = "" if code == "utf-16" else "\ufeff"
    agenda = read_agenda((bom + text).encode(code), begin=BEGIN, end=END, zone=ZONE)
    assert hours(agenda) == ["09 09:00+60"]


@pytest.mark.case("P5", "P8")
@pytest.mark.parametrize(
    "rule",
    ["FREQ=MONTHLY;BYDAY=6MO", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
     "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
     "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
     "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
     "FREQ=MONTHLY;BYDAY=6MO;COUNT=9",
     "FREQ=MONTHLY;BYDAY=6MO;UNTIL=99991231T000000Z"],
)  # fmt: skip
def test_a_rule_that_is_never_true_is_not_counted_through_to_the_year_9999(rule: str) -> None:
    begun = process_time()
    assert hours(read(event(NINE, f"RRULE:{rule}"))) == ["09 09:00+60"]
    assert process_time() - begun < 0.2


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=YEARLY"])
def test_a_series_that_begins_behind_the_window_or_long_before_it(rule: str) -> None:
    later = event("DTSTART:20260601T020000Z", f"RRULE:{rule}")
    assert read(later).meetings == ()
    before = event("DTSTART:20200309T020000Z", f"RRULE:{rule}")
    wanted = {"FREQ=DAILY;COUNT=3": 0, "FREQ=WEEKLY;BYDAY=MO,WE": 4, "FREQ=YEARLY": 1}[rule]
    assert len(read(before).meetings) == wanted
