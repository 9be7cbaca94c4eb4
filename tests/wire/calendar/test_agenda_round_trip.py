"""Random meetings, written as iCalendar by the library, are read back as they were."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.wire.calendar.agenda import FeedError, read_agenda
from appliance.wire.calendar.event import clean
from appliance.wire.meeting import Meeting

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
END = BEGIN + 40 * 86400

NOT_IN_PARAMETERS = str.maketrans("", "", '"\\')
"""RFC 5545 has no way to write a quotation mark there, and icalendar none for a backslash."""

letters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn"])
titles = st.text(letters, max_size=60).map(lambda title: clean(re.sub(r"\\+N", "N", title)))
"""icalendar writes a backslash before a capital N as a line break."""
addresses = st.sampled_from(
    ["", "sip:724999@mcu.gialai.gov.vn;transport=tls", "loopback:"]
    + [f"janus+wss://hop.vn/janus?room={n}&pin=%2C{n}" for n in range(3)]
)
zones = st.sampled_from([UTC, ZONE, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns"), None])
meetings = st.builds(
    Meeting,
    uid=st.uuids().map(str),
    title=titles,
    begin=st.integers(int(BEGIN), int(END) - 1).map(float),
    end=st.just(0.0),
    address=addresses,
    chair=st.text(letters, max_size=20).map(lambda name: clean(name.translate(NOT_IN_PARAMETERS))),
    free=st.booleans(),
    sequence=st.integers(0, 99),
)


@st.composite
def lasting(draw: st.DrawFn) -> tuple[Meeting, int, bool]:
    meeting = draw(meetings)
    return meeting, draw(st.integers(1, 24 * 3600)), draw(st.booleans())


def written(meeting: Meeting, seconds: int, by_duration: bool, zone: object) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", meeting.uid)
    event.add("DTSTAMP", datetime(2026, 2, 1, tzinfo=UTC))
    event.add("SEQUENCE", meeting.sequence)
    event.add("SUMMARY", meeting.title)
    starts = datetime.fromtimestamp(meeting.begin, UTC)
    if zone is None:  # floating
        event.add("DTSTART", starts.astimezone(ZONE).replace(tzinfo=None))
    else:
        assert isinstance(zone, ZoneInfo | type(UTC))
        event.add("DTSTART", starts.astimezone(zone))
    if by_duration:
        event.add("DURATION", timedelta(seconds=seconds))
    else:
        event.add("DTEND", starts + timedelta(seconds=seconds))
    if meeting.address:
        event.add("CONFERENCE", meeting.address, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    if meeting.chair:
        event["ORGANIZER"] = icalendar.vCalAddress("mailto:ct@gialai.gov.vn")
        event["ORGANIZER"].params["CN"] = meeting.chair
    if meeting.free:
        event.add("X-DIEMCAU-SPEAK", "FREE")
    return event


@given(st.lists(lasting(), max_size=6, unique_by=lambda item: item[0].uid), zones, st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_meetings_are_read_back(
    drawn: list[tuple[Meeting, int, bool]], zone: object, lf_only: bool
) -> None:
    calendar = icalendar.Calendar()
    wanted = []
    for meeting, seconds, by_duration in drawn:
        calendar.add_component(written(meeting, seconds, by_duration, zone))
        # Built anew, for the end is known only now.
        wanted.append(
            Meeting(
                meeting.uid,
                meeting.title,
                meeting.begin,
                meeting.begin + seconds,
                meeting.address,
                meeting.chair,
                meeting.free,
                meeting.sequence,
            )
        )
    feed = calendar.to_ical()
    feed = feed.replace(b"\r\n", b"\n") if lf_only else feed
    agenda = read_agenda(feed, begin=BEGIN, end=END, zone=ZONE)
    assert list(agenda.meetings) == sorted(wanted, key=lambda m: (m.begin, m.uid))
    assert agenda.problems == ()
    assert not any("%2C" in repr(meeting) for meeting in agenda.meetings)


@given(st.data(), st.integers(2, 28), st.integers(1, 12), st.sets(st.integers(0, 11), max_size=4))
@settings(deadline=None)
def test_a_series_is_its_occurrences_less_the_excluded(
    data: st.DataObject, day: int, count: int, excluded: set[int]
) -> None:
    zone = data.draw(st.sampled_from([UTC, ZONE, ZoneInfo("Europe/Berlin")]))
    hour = data.draw(st.integers(4, 23))  # no hour that a clock change leaves out or repeats
    first = datetime(2026, 3, day, hour, 30, tzinfo=zone)
    starts = [first + timedelta(days=number) for number in range(count)]  # on the wall clock
    event = icalendar.Event()
    event.add("UID", "a")
    event.add("DTSTART", first)
    event.add("DURATION", timedelta(minutes=45))
    event.add("RRULE", {"FREQ": "DAILY", "COUNT": count})
    for number in excluded & set(range(count)):
        event.add("EXDATE", starts[number].astimezone(UTC))
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    agenda = read_agenda(calendar.to_ical(), begin=BEGIN, end=END, zone=ZONE)
    left = [s.astimezone(UTC) for number, s in enumerate(starts) if number not in excluded]
    inside = [s for s in left if s.timestamp() < END]
    assert [m.begin for m in agenda.meetings] == [s.timestamp() for s in inside]
    assert [m.uid for m in agenda.meetings] == [f"a/{s:%Y%m%dT%H%M%SZ}" for s in inside]


GOOD = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Asia/Ho_Chi_Minh:20260310T080000\r\n"
    b"RRULE:FREQ=WEEKLY;BYDAY=TU\r\nEXDATE:20260317T010000Z\r\nSUMMARY:H\xe1\xbb\x8dp\r\n"
    b"CONFERENCE;VALUE=URI;FEATURE=VIDEO:sip:1@mcu\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.binary(max_size=6)), max_size=4
    )
)
@settings(deadline=None, max_examples=200)
def test_a_damaged_feed_is_read_or_is_a_feed_error(cuts: list[tuple[int, int, bytes]]) -> None:
    feed = GOOD
    for at, length, put in cuts:
        feed = feed[:at] + put + feed[at + length :]
    try:
        agenda = read_agenda(feed, begin=BEGIN, end=END, zone=ZONE)
    except FeedError:
        return
    assert all(m.begin < END and m.end > BEGIN and m.begin < m.end for m in agenda.meetings)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_feed_error_or_an_agenda(feed: bytes) -> None:
    try:
        read_agenda(feed, begin=BEGIN, end=END, zone=ZONE)
    except FeedError as error:
        assert error.problem
