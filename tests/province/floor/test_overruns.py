"""The first page of a meeting that is over: ended, over time with sites in it, or left by all."""

import pytest

from services.province.accounts import Role
from services.province.fleet.overview import Overview, overview
from services.province.fleet.readiness import State
from services.province.floor.ended import end_meeting, take_up_again
from services.province.floor.participants import (
    OccurrenceKey,
    Participant,
    end_participations,
    update_participations,
)
from services.province.schedule.meetings import Guests, get_meeting
from tests.province.in_process import NOON, House, draft

BEGIN, END = NOON + 3600.0, NOON + 9000.0
TOMORROW = BEGIN + 86400.0


@pytest.fixture
def key(house: House) -> OccurrenceKey:
    """Two meetings that share no site: this one of ia-kly, and tomorrow's of ia-o."""
    house.communes("ia-kly", "ia-o")
    mine, other = (Guests(sites=frozenset({site})) for site in ("ia-kly", "ia-o"))
    number = house.meeting(draft(set(), guests=mine, title="Giao ban"))
    house.meeting(draft(set(), guests=other, title="Ngày mai", begin=TOMORROW))
    return OccurrenceKey(number, BEGIN)


def seen(house: House, now: float) -> Overview:
    house.now = now
    with house.database.reading() as session:
        return overview(session, now)


def title(found: Overview) -> str | None:
    return found.meeting.title if found.meeting is not None else None


def uid_of(house: House, key: OccurrenceKey) -> str:
    with house.database.reading() as session:
        return get_meeting(session, key.meeting_id).uid


def is_in(house: House, key: OccurrenceKey, **alarms: object) -> None:
    """The site ia-kly reports now that it is in this meeting."""
    seq = int(house.now - NOON) * 10
    house.reports("ia-kly", seq + 1, alarms=alarms.get("alarms", []))
    house.reports("ia-kly", seq + 2, "meeting", phase="in meeting", meeting=uid_of(house, key))


def end(house: House, key: OccurrenceKey, now: float) -> None:
    meeting = seen(house, now).meeting
    assert meeting is not None
    assert meeting.meeting_id == key.meeting_id
    with house.database.writing() as session:
        end_meeting(session, meeting, now, "boss")


def test_one_that_was_ended_is_not_the_next_until_it_is_taken_up_again(
    house: House, key: OccurrenceKey
) -> None:
    now = BEGIN + 600.0
    end(house, key, now)
    found = seen(house, now)
    assert (title(found), found.running, found.overruns) == ("Ngày mai", False, ())
    assert [one.title for one in found.upcoming] == ["Ngày mai"]
    with house.database.writing() as session:
        assert take_up_again(session, key)
    found = seen(house, now)
    assert (title(found), found.running) == ("Giao ban", True)


def test_sites_that_have_not_left_an_ended_one_stand_on_the_page(
    house: House, key: OccurrenceKey
) -> None:
    now = BEGIN + 600.0
    end(house, key, now)
    is_in(house, key)
    page = house.person("lan", Role.VIEWER).get("/").text
    assert "boss đã kết thúc cuộc họp này lúc 12:50." in page
    assert "Điểm cầu chưa rời: 1 " in page
    assert f'href="/floor/{key.meeting_id}/{key.instance:.0f}"' in page
    assert "Ngày mai" in page


def test_an_overrun_stands_there_with_the_chairs_page_though_its_site_is_not_of_the_next(
    house: House, key: OccurrenceKey
) -> None:
    house.now = END + 1200.0
    is_in(house, key)
    found = seen(house, END + 1200.0)
    (one,) = found.overruns
    assert (title(found), one.meeting.title, set(one.sites)) == (
        "Ngày mai", "Giao ban", {"ia-kly"}
    )  # fmt: skip
    assert (one.over_s, one.ended) == (1200.0, None)
    assert (found.sites, found.counts[State.MEETING]) == (1, 0), "the tiles are of tomorrow's"
    page = house.person("lan", Role.VIEWER).get("/").text
    assert "1 điểm cầu ở lại quá giờ, đã 20 phút" in page
    assert f'href="/floor/{key.meeting_id}/{key.instance:.0f}"' in page
    house.reports("ia-kly", 999_999, "meeting", phase="idle", meeting="")
    assert seen(house, END + 1200.0).overruns == ()
    assert "quá giờ" not in house.person("mai", Role.VIEWER).get("/").text


def test_the_room_says_who_is_in_where_a_site_is_not_heard(
    house: House, key: OccurrenceKey
) -> None:
    there = [Participant(1, "Xã ia-kly", site="ia-kly"), Participant(2, "Khách")]
    with house.database.writing() as session:
        update_participations(session, key, there, BEGIN)
    assert seen(house, END - 1.0).overruns == (), "not over yet"
    assert [one.sites for one in seen(house, END).overruns] == [{"ia-kly"}]
    with house.database.writing() as session:
        end_participations(session, key, END)
        update_participations(session, key, there[1:], END)
    assert seen(house, END + 1.0).overruns == (), "a guest alone is no site"


def test_a_fault_in_an_overrun_is_named_like_any_other(house: House, key: OccurrenceKey) -> None:
    house.now = END + 60.0
    fault = {"key": "mic", "severity": 3, "text": {"vi": "Không có micro"}}
    is_in(house, key, alarms=[fault])
    assert "ia-kly" in {row.site.id for row in seen(house, END + 60.0).needing}


def test_of_a_series_the_occurrence_that_the_site_names(house: House) -> None:
    house.communes("ia-kly")
    hourly = "FREQ=HOURLY;COUNT=3"
    number = house.meeting(draft({house.place("Gia Lai")}, rule=hourly, length_s=1800.0))
    first = next(one for one in seen(house, BEGIN).upcoming if one.begin == BEGIN)
    house.now = BEGIN + 3700.0
    house.reports("ia-kly", 1)
    house.reports("ia-kly", 2, "meeting", phase="in meeting", meeting=first.uid)
    found = seen(house, house.now)
    assert (found.running, title(found)) == (True, "Giao ban tuần")
    assert [(one.meeting.meeting_id, one.meeting.begin) for one in found.overruns] == [
        (number, BEGIN)
    ]
