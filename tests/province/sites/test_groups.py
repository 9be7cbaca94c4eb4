"""Groups of sites: invited like a branch, changed, and told by name to who left."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from services.province.accounts import Role
from services.province.errors import WrongInputError
from services.province.fleet.agenda_notifier import sites_of_meetings
from services.province.fleet.overview import overview
from services.province.fleet.readiness import State
from services.province.schedule.meetings import Guests, edit, get_meeting
from services.province.sites import groups
from services.province.sites.tree import place_at
from services.province.storage.tables import Invitation
from tests.province.feed import agenda
from tests.province.importing.uploads import send, sheet
from tests.province.in_process import House, draft


@pytest.fixture
def border(house: House) -> House:
    """Three communes; the group 1 holds two of them, and the meeting 1 invites it alone."""
    house.communes("ia-kly", "ia-o", "ia-dom")
    with house.database.writing() as session:
        group = groups.create(session, "Các xã biên giới", {"ia-kly", "ia-o"}).id
    house.meeting(draft(set(), guests=Guests(groups=frozenset({group}))))
    return house


def titles(house: House, site: str) -> list[str]:
    return [one.title for one in agenda(house, site).meetings]


def regroup(house: House, *sites: str) -> None:
    with house.database.writing() as session:
        group = groups.get_group(session, 1)
        groups.change(session, group, group.name, sites, house.now)


def test_a_group_is_invited_and_no_other_site_is(border: House) -> None:
    assert titles(border, "ia-kly") == titles(border, "ia-o") == ["Giao ban tuần"]
    assert titles(border, "ia-dom") == []
    assert not agenda(border, "ia-dom").cancelled
    border.reports("ia-kly", 1, alarms=[])
    border.tested("ia-kly")
    with border.database.reading() as session:
        seen = overview(session, border.now)
        assert (seen.counts[State.READY], seen.counts[State.NEVER]) == (1, 1)
        assert sites_of_meetings(session, {1}) == {"ia-kly", "ia-o"}


def test_who_joins_is_invited_and_who_leaves_is_told_by_name(border: House) -> None:
    regroup(border, "ia-o", "ia-dom")
    assert titles(border, "ia-dom") == titles(border, "ia-o") == ["Giao ban tuần"]
    left = agenda(border, "ia-kly")
    assert (left.meetings, len(left.cancelled)) == ((), 1)
    with border.database.reading() as session:
        assert get_meeting(session, 1).sequence == 1  # which is what nudges go by
        assert sites_of_meetings(session, {1}) == {"ia-kly", "ia-o", "ia-dom"}
    regroup(border, "ia-kly")
    assert titles(border, "ia-kly") == ["Giao ban tuần"]


def test_who_is_invited_twice_stays_invited(border: House) -> None:
    """A site that leaves a group, or whose group is asked out, may be in another or a branch."""
    kly = border.place("Gia Lai", "Xã ia-kly")
    with border.database.writing() as session:
        group = groups.create(session, "Cụm 2", {"ia-o"}).id
        both = draft({kly}, guests=Guests(frozenset({kly}), groups=frozenset({1, group})))
        edit(session, get_meeting(session, 1), both, border.now)
    regroup(border, "ia-dom")
    for site in ("ia-kly", "ia-o", "ia-dom"):
        assert titles(border, site) == ["Giao ban tuần"], site
    with border.database.writing() as session:
        edit(session, get_meeting(session, 1), draft({kly}), border.now)
    assert titles(border, "ia-kly") == ["Giao ban tuần"]
    for site in ("ia-o", "ia-dom"):
        assert (titles(border, site), len(agenda(border, site).cancelled)) == ([], 1), site


def test_a_group_that_a_meeting_ahead_invites_is_not_deleted(border: House) -> None:
    kly = border.place("Gia Lai", "Xã ia-kly")
    with pytest.raises(WrongInputError, match="Giao ban"), border.database.writing() as session:
        groups.remove(session, groups.get_group(session, 1), border.now)
    with border.database.writing() as session:
        edit(session, get_meeting(session, 1), draft({kly}), border.now)
        groups.remove(session, groups.get_group(session, 1), border.now)
    assert titles(border, "ia-kly") == ["Giao ban tuần"]
    with border.database.reading() as session:
        assert groups.listed(session) == []


def test_an_invitation_names_one_guest(border: House) -> None:
    for guest in ({}, {"site_id": "ia-kly", "group_id": 1}):
        with pytest.raises(IntegrityError), border.database.writing() as session:
            session.execute(insert(Invitation).values(meeting_id=1, withdrawn=False, **guest))


def test_groups_are_kept_in_the_console(border: House) -> None:
    lan, an = border.person("lan", Role.OPERATOR), border.person("an", Role.VIEWER)
    assert "Các xã biên giới" in an.get("/groups").text
    assert "2 điểm cầu" in an.get("/groups").text
    assert "/sites/ia-o" in an.get("/groups/1").text
    made = lan.post("/groups/new", name="Cụm 2", site=["ia-dom", "ia-o"])
    assert made.headers["location"] == "/groups"
    page = lan.get("/groups/2").text
    assert 'value="ia-dom" checked' in page
    assert 'value="ia-kly" checked' not in page
    for path, fields, said in (
        ("/groups/new", {"name": "CÁC XÃ BIÊN GIỚI", "site": "ia-o"}, "Đã có nhóm"),
        ("/groups/new", {"name": "Cụm 3"}, "ít nhất một điểm cầu"),
        ("/groups/2", {"name": "Cụm 2", "site": "nobody"}, "Không có trong cây đơn vị"),
        ("/groups/1/delete", {}, "vẫn mời nhóm này"),
    ):
        answer = lan.post(path, **fields)
        assert (answer.status_code, said in answer.text) == (400, True), path
    assert lan.post("/groups/2", name="Cụm hai", site="ia-dom").status_code == 303
    assert lan.post("/groups/2/delete").status_code == 303
    assert lan.get("/groups/2").status_code == 404
    for path in ("/groups/new", "/groups/1", "/groups/1/delete"):
        assert an.post(path, name="x", site="ia-o").status_code == 403, path


def test_the_form_of_a_meeting_and_a_sheet_invite_groups(border: House) -> None:
    lan = border.person("lan", Role.OPERATOR)
    assert 'name="group" value="1" checked' in lan.get("/meetings/1/edit").text
    assert "Các xã biên giới" in lan.get("/meetings/1").text
    fields = {"title": "Khẩn", "begin": "2026-03-12T16:00", "minutes": "30", "group": "1"}
    assert lan.post("/meetings/new", **fields).status_code == 303
    assert titles(border, "ia-o") == ["Giao ban tuần", "Khẩn"]
    lines = sheet(
        ["Nội dung", "Ngày", "Từ", "Thành phần"],
        ["Biên phòng", "13/03/2026", "08:00", "các xã biên giới; Xã ia-dom"],
    )
    assert send(lan, "/import/meetings", lines).startswith("200")
    for site, count in (("ia-kly", 3), ("ia-dom", 1)):
        assert len(titles(border, site)) == count
    with border.database.writing() as session:
        place_at(session, ["Gia Lai", "Các xã biên giới"])
    assert "2 đơn vị hoặc nhóm" in send(lan, "/import/meetings", lines)
