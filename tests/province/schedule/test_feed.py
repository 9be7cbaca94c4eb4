"""The feed of a site as its own agenda reader takes it, over a real socket."""

from pathlib import Path

import httpx
import pytest

from appliance.wire.calendar.agenda import read_agenda
from services.endpoint.agenda.feed import Feed
from services.province.errors import WrongInputError
from services.province.schedule import meetings
from services.province.schedule.feeds import Schedule
from services.province.schedule.meetings import Guests
from services.province.sites.tree import Tree, add_site, place_at
from tests.province.feed import DAY, ZONE, agenda, serving
from tests.province.in_process import ADDRESS, NOON, House, draft
from tests.province.statements import statements


def test_a_meeting_reaches_the_sites_of_its_branch_and_no_other(house: House) -> None:
    house.communes("ia-kly", "ia-o")
    house.meeting(draft({house.place("Gia Lai", "Xã ia-kly")}, free=True))
    (meeting,) = agenda(house, "ia-kly").meetings
    assert (meeting.title, meeting.begin, meeting.end) == (
        "Giao ban tuần", NOON + 3600.0, NOON + 9000.0,
    )  # fmt: skip
    assert (meeting.address, meeting.chair, meeting.free) == (ADDRESS, "Chủ tịch tỉnh", True)
    assert agenda(house, "ia-kly").name == "Xã ia-kly"
    assert agenda(house, "ia-kly").refresh_s == 300.0
    assert agenda(house, "ia-o").meetings == ()


def test_a_feed_asks_the_same_few_questions_however_deep_its_site_is(house: House) -> None:
    """Two hundred sites ask at once when a meeting of all is changed."""
    with house.database.writing() as session:
        for number, path in enumerate((["Gia Lai"], ["Gia Lai", "Huyện", "Xã", "Thôn", "Tổ"])):
            add_site(session, f"s{number}", "Điểm cầu", place_at(session, path), house.now)
    house.meeting(draft({house.place("Gia Lai")}))
    asked = []
    for site in ("s0", "s1"):
        with statements(house.database) as counted:
            assert len(agenda(house, site).meetings) == 1
        asked.append([one for one in counted if "FROM" in one])
    assert len(asked[0]) == len(asked[1])


def test_who_is_above_is_invited_with_all_below(house: House) -> None:
    house.communes("ia-kly", "ia-o")
    house.meeting(draft({house.place("Gia Lai")}))
    assert len(agenda(house, "ia-kly").meetings) == len(agenda(house, "ia-o").meetings) == 1


def test_a_title_that_names_the_chair_costs_no_address(house: House) -> None:
    house.communes("ia-kly")
    title = 'Họp do Chủ tịch chủ trì; "khẩn", host: moderator'
    house.meeting(draft({house.place("Gia Lai")}, title=title))
    (meeting,) = agenda(house, "ia-kly").meetings
    assert (meeting.title, meeting.address) == (title, ADDRESS)


def test_what_is_cancelled_or_taken_back_is_told_by_name(house: House) -> None:
    house.communes("ia-kly", "ia-o")
    kly, other = house.place("Gia Lai", "Xã ia-kly"), house.place("Gia Lai", "Xã ia-o")
    first = house.meeting(draft({kly, other}))
    second = house.meeting(draft({kly, other}, title="Đột xuất"))
    with house.database.writing() as session:
        meetings.cancel(meetings.get_meeting(session, first), house.now)
        meeting = meetings.get_meeting(session, second)
        meetings.edit(session, meeting, draft({other}, title="Đột xuất"), house.now)
        uid = meeting.uid
    kept = agenda(house, "ia-kly")
    assert kept.meetings == ()
    assert len(kept.cancelled) == 2
    assert uid in kept.cancelled
    assert [one.title for one in agenda(house, "ia-o").meetings] == ["Đột xuất"]


def test_a_series_with_one_moved_and_one_off(house: House) -> None:
    house.communes("ia-kly")
    number = house.meeting(draft({house.place("Gia Lai")}, rule="FREQ=DAILY"))
    first = NOON + 3600.0
    with house.database.writing() as session:
        meeting = meetings.get_meeting(session, number)
        meetings.cancel_occurrence(session, meeting, first + DAY, house.now)
        moved = first + 2 * DAY
        meetings.move_occurrence(session, meeting, moved, moved + 1800.0, 3600.0, house.now)
    found = agenda(house, "ia-kly", 4.0).meetings
    assert [one.begin for one in found] == [first, moved + 1800.0, first + 3 * DAY]
    with house.database.reading() as session:
        schedule = Schedule.load(session, Tree.load(session), house.now)
        shown = schedule.between(house.now, house.now + 4.0 * DAY)
    assert [(one.uid, one.begin, one.end) for one in shown] == [
        (one.uid, one.begin, one.end) for one in found
    ]


def test_another_hour_of_the_series_forgets_what_was_moved(house: House) -> None:
    house.communes("ia-kly")
    place = house.place("Gia Lai")
    number = house.meeting(draft({place}, rule="FREQ=DAILY"))
    with house.database.writing() as session:
        meeting = meetings.get_meeting(session, number)
        meetings.cancel_occurrence(session, meeting, NOON + 3600.0, house.now)
        meetings.edit(
            session, meeting, draft({place}, rule="FREQ=DAILY", begin=NOON + 7200.0), house.now
        )
    assert agenda(house, "ia-kly", 1.0).meetings[0].begin == NOON + 7200.0


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 201},
        {"length_s": 60.0},
        {"length_s": 90_000.0},
        {"begin": 1.0},
        {"address": "https://meet.example/x"},
        {"rule": "FREQ=SECONDLY"},
        {"rule": "FREQ=DAILY;INTERVAL=0"},
        {"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
        {"rule": "nonsense"},
        {"rule": "FREQ=DAILY\r\nX-EVIL:1"},
        {"zone": "../../etc/passwd"},
        {"guests": Guests()},
        {"guests": Guests(frozenset({999}))},
        {"guests": Guests(sites=frozenset({"nobody"}))},
    ],
)
def test_what_a_site_could_not_keep_is_refused(house: House, changes: dict[str, object]) -> None:
    house.communes("ia-kly")
    with pytest.raises(WrongInputError):
        house.meeting(draft({house.place("Gia Lai")}, **changes))


async def test_the_site_fetches_believes_and_asks_again(house: House, tmp_path: Path) -> None:
    house.communes("ia-kly")
    number = house.meeting(draft({house.place("Gia Lai")}))
    async with serving(house) as url:
        source = f"{url}/feeds/{house.token('ia-kly')}/ia-kly.ics"
        async with Feed(source, tmp_path / "kept", zone=ZONE) as feed:
            state = await feed.refresh(house.now)
            assert (state.problem, state.detail) == (None, None)
            assert [one.address for one in state.agenda.meetings] == [ADDRESS]
            unchanged = await feed.refresh(house.now + 60.0)
            assert unchanged.agenda == state.agenda
            assert unchanged.fetched_at == house.now + 60.0

            # The only meeting is cancelled: by name, so that the site believes it at once.
            with house.database.writing() as session:
                meetings.cancel(meetings.get_meeting(session, number), house.now + 61.0)
            off = await feed.refresh(house.now + 62.0)
            assert (off.problem, off.agenda.meetings) == (None, ())


async def test_the_feed_has_a_tag_and_only_its_own_site_has_the_address(house: House) -> None:
    house.communes("ia-kly", "ia-o")
    house.meeting(draft({house.place("Gia Lai")}))
    async with serving(house) as url, httpx.AsyncClient(base_url=url) as http:
        path = f"/feeds/{house.token('ia-kly')}/ia-kly.ics"
        first = await http.get(path)
        assert first.headers["content-type"] == "text/calendar; charset=utf-8"
        tag = first.headers["etag"]
        for shown in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = await http.get(path, headers={"If-None-Match": shown})
            assert (again.status_code, again.content) == (304, b"")
        other = await http.get(path, headers={"If-None-Match": '"x"'})
        assert (other.status_code, other.content) == (200, first.content)
        for wrong in (
            f"/feeds/{house.token('ia-kly')}/ia-o.ics",
            f"/feeds/{house.token('ia-o')}/ia-kly.ics",
            f"/feeds/{house.token('ia-o')}/nobody.ics",
            "/feeds//ia-kly.ics",
        ):
            assert (await http.get(wrong)).status_code == 404, wrong


async def test_a_change_is_in_the_feed_as_soon_as_it_is_committed(house: House) -> None:
    house.communes("ia-kly")
    number = house.meeting(draft({house.place("Gia Lai")}, rule="FREQ=DAILY"))
    first = NOON + 3600.0
    async with serving(house) as url, httpx.AsyncClient(base_url=url) as http:
        path = f"/feeds/{house.token('ia-kly')}/ia-kly.ics"
        for day in range(3):
            before = (await http.get(path)).headers["etag"]
            known = await http.get(path, headers={"If-None-Match": before})
            assert known.status_code == 304
            with house.database.writing() as session:
                at = first + day * DAY
                meeting = meetings.get_meeting(session, number)
                meetings.move_occurrence(session, meeting, at, at + 600.0, 1800.0, house.now)
            after = await http.get(path, headers={"If-None-Match": before})
            assert (after.status_code, after.headers["etag"] != before) == (200, True)
            read = read_agenda(after.content, begin=NOON, end=NOON + 3 * DAY, zone=ZONE)
            assert [one.begin for one in read.meetings][day] == at + 600.0
