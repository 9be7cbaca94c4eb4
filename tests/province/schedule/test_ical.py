"""Meetings as iCalendar: what a site reads of a feed is what the province keeps, to the second."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.wire.calendar.agenda import Agenda, read_agenda
from services.province.schedule.ical import Entry, calendar, feed_problem, occurrences
from services.province.storage.tables import Meeting, OccurrenceChange
from tests.province.in_process import ADDRESS, NOON

DAY = 86400.0
ZONE = "Asia/Ho_Chi_Minh"


def meeting(**changes: object) -> Meeting:
    """An hour from `NOON` on."""
    words: dict[str, object] = {
        "id": 7, "uid": "a@x", "title": "Giao ban", "begin": NOON, "length_s": 3600.0,
        "zone": ZONE, "rule": "", "address": ADDRESS, "chair": "", "chair_pin": "", "free": False,
        "sequence": 0, "cancelled": False, "changed_at": NOON,
    }  # fmt: skip
    return Meeting(**{**words, **changes})


def change(instance: float, begin: float | None, length_s: float | None) -> OccurrenceChange:
    return OccurrenceChange(meeting_id=7, instance=instance, begin=begin, length_s=length_s)


def read(*entries: Entry, days: float = 10.0, zone: str = ZONE) -> Agenda:
    feed = calendar("Xã Ia Kly", entries)
    agenda = read_agenda(feed, begin=NOON - DAY, end=NOON + days * DAY, zone=ZoneInfo(zone))
    assert agenda.problems == ()
    return agenda


LINE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=80).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=50)
@given(
    LINE.filter(bool), LINE.filter(bool), st.booleans(), st.integers(0, 99),
    st.integers(0, 9 * 24 * 60), st.integers(5, 1440),
)  # fmt: skip
def test_any_meeting_goes_there_and_back(
    title: str, chair: str, free: bool, sequence: int, minute: int, minutes: int
) -> None:
    begin = NOON + minute * 60.0
    made = meeting(
        title=title, chair=chair, free=free, sequence=sequence, begin=begin, length_s=minutes * 60.0
    )
    (one,) = read(Entry(made)).meetings
    assert (one.uid, one.title, one.address) == ("a@x", title, ADDRESS)
    assert (one.begin, one.end) == (begin, begin + minutes * 60.0)
    assert (one.chair, one.free, one.sequence) == (chair, free, sequence)


@given(st.permutations(range(4)))
def test_a_feed_has_the_same_bytes_each_time_it_is_made(order: list[int]) -> None:
    entries = [Entry(meeting(uid=f"{number}@x", rule="FREQ=DAILY")) for number in range(4)]
    chosen = [entries[number] for number in order]
    assert calendar("Xã", chosen) == calendar("Xã", list(chosen))
    assert calendar("Xã", chosen).count(b"BEGIN:VTIMEZONE") == 1


def test_a_meeting_that_is_off_tells_its_uid_and_nothing_else() -> None:
    feed = calendar("Xã", [Entry(meeting(chair="Bà Hoa"), off=True)])
    for secret in (b"Giao ban", b"janus", b"pin", b"Hoa"):
        assert secret not in feed
    agenda = read(Entry(meeting(), off=True))
    assert (agenda.meetings, agenda.cancelled) == ((), frozenset({"a@x"}))


def test_the_pin_of_the_chair_stands_in_no_feed() -> None:
    assert b"739154" not in calendar("Xã", [Entry(meeting(chair="Bà Hoa", chair_pin="739154"))])


def test_a_series_keeps_its_hour_on_the_wall_over_a_change_to_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # summer begins on Sunday, 29 March 2026
    begin = 1_774_602_000.0  # Friday, 27 March 2026, 10:00 at Berlin
    series = meeting(begin=begin, rule="FREQ=DAILY;COUNT=4", zone="Europe/Berlin")
    found = occurrences(series, (), begin, begin + 10 * DAY)
    assert [one.begin - begin for one in found] == [0.0, DAY, 2 * DAY - 3600.0, 3 * DAY - 3600.0]
    agenda = read_agenda(
        calendar("", [Entry(series)]), begin=begin, end=begin + 10 * DAY, zone=berlin
    )
    assert [one.begin for one in agenda.meetings] == [one.begin for one in found]
    assert [one.instance for one in found] == [one.begin for one in found]


def test_a_moved_one_keeps_the_instance_by_which_it_is_known() -> None:
    series = meeting(rule="FREQ=DAILY;COUNT=3")
    moved = change(NOON + DAY, NOON + DAY + 7200.0, 1800.0)
    first, second, third = occurrences(series, [moved], NOON, NOON + 5 * DAY)
    assert (second.instance, second.begin, second.end) == (
        NOON + DAY, NOON + DAY + 7200.0, NOON + DAY + 9000.0,
    )  # fmt: skip
    assert (first.instance, third.instance) == (NOON, NOON + 2 * DAY)
    off = change(NOON + DAY, None, None)
    assert [one.instance for one in occurrences(series, [off], NOON, NOON + 5 * DAY)] == [
        NOON, NOON + 2 * DAY,
    ]  # fmt: skip
    assert len(read(Entry(series, [off])).meetings) == 2


@pytest.mark.parametrize("rule", ["", "FREQ=DAILY;COUNT=1"])
@pytest.mark.parametrize(
    ("begin", "end", "there"),
    [(-60, 0, False), (-60, 1, True), (3599, 7200, True), (3600, 7200, False), (60, 120, True)],
)
def test_a_window_holds_what_touches_it(rule: str, begin: float, end: float, there: bool) -> None:
    """A single meeting is looked at by itself, a series by the agenda's reader: they agree."""
    found = occurrences(meeting(rule=rule), (), NOON + begin, NOON + end)
    assert len(found) == there
    assert occurrences(meeting(rule=rule, cancelled=True), (), NOON + begin, NOON + end) == []


def test_the_verdict_names_what_a_site_would_find_wrong() -> None:
    assert feed_problem(meeting()) == ""
    assert feed_problem(meeting(rule="FREQ=WEEKLY;BYDAY=TH")) == ""
    assert "cannot be read" in feed_problem(meeting(rule="FREQ=NEVER"))
    february = meeting(rule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert feed_problem(february).endswith("it repeats on a day that no such month has")
    over = meeting(rule="FREQ=DAILY;UNTIL=20200101T000000Z")
    assert feed_problem(over) == "by this repetition it never takes place"


@pytest.mark.parametrize(("doors_s", "read_s"), [(None, 600.0), (0.0, 0.0), (1800.0, 1800.0)])
@pytest.mark.parametrize("rule", ["", "FREQ=DAILY;COUNT=3"])
def test_the_doors_of_a_meeting_and_of_a_series_reach_the_site(
    rule: str, doors_s: float | None, read_s: float
) -> None:
    made = meeting(doors_s=doors_s, rule=rule)
    moved = change(NOON, NOON + 1800.0, 3600.0)
    entry = Entry(made, [moved]) if rule else Entry(made)
    assert {one.doors_s for one in read(entry).meetings} == {read_s}
    assert (b"X-DIEMCAU-DOORS" in calendar("Xã Ia Kly", [entry])) is (doors_s is not None)


@pytest.mark.parametrize(("own_s", "read_s"), [(None, 1800.0), (0.0, 0.0), (600.0, 600.0)])
def test_one_occurrence_has_doors_of_its_own(own_s: float | None, read_s: float) -> None:
    made = meeting(doors_s=1800.0, rule="FREQ=DAILY;COUNT=3")
    one = change(NOON + DAY, NOON + DAY, 3600.0)
    one.doors_s = own_s
    seen = [found.doors_s for found in read(Entry(made, [one])).meetings]
    assert seen == [1800.0, read_s, 1800.0]
    assert [found.doors_s for found in occurrences(made, [one], NOON, NOON + 3 * DAY)] == seen
