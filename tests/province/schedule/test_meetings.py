"""Meetings as they are entered and edited: sequence, guests taken back, what is refused."""

from dataclasses import replace

import pytest

from services.province.errors import NotFoundError, WrongInputError
from services.province.schedule import meetings
from services.province.schedule.feeds import Schedule, next_meeting
from services.province.schedule.ical import Occurrence
from services.province.schedule.meetings import MAX_LENGTH_S, MIN_LENGTH_S, Guests, MeetingDraft
from services.province.sites.tree import Tree
from services.province.storage.tables import Invitation, OccurrenceChange
from tests.province.in_process import NOON, House, draft

DAY = 86400.0


@pytest.fixture
def communes(house: House) -> House:
    """Two communes; the meeting 1 invites the site ia-kly alone."""
    house.communes("ia-kly", "ia-o")
    house.meeting(draft(set(), guests=Guests(sites=frozenset({"ia-kly"}))))
    return house


def guests_of(house: House) -> Guests:
    with house.database.reading() as session:
        return meetings.guests(session, meetings.get_meeting(session, 1))


def edit(house: House, wanted: MeetingDraft, now: float = NOON + 5.0) -> None:
    with house.database.writing() as session:
        meetings.edit(session, meetings.get_meeting(session, 1), wanted, now)


def test_every_change_counts_up_and_the_stamp_never_goes_back(communes: House) -> None:
    wanted = draft(set(), guests=guests_of(communes))
    edit(communes, replace(wanted, title="Khác"), NOON + 60.0)
    edit(communes, replace(wanted, title="Khác nữa"), NOON - 600.0)  # the clock was set back
    with communes.database.writing() as session:
        meeting = meetings.get_meeting(session, 1)
        assert (meeting.sequence, meeting.changed_at) == (2, NOON + 60.0)
        meetings.cancel(meeting, NOON + 90.0)
        assert (meeting.sequence, meeting.changed_at, meeting.cancelled) == (3, NOON + 90.0, True)


def test_who_is_taken_back_and_invited_again_has_one_row(communes: House) -> None:
    kly, both = Guests(sites=frozenset({"ia-kly"})), Guests(sites=frozenset({"ia-kly", "ia-o"}))
    other = Guests(sites=frozenset({"ia-o"}))
    for wanted in (both, other, both, kly):
        edit(communes, draft(set(), guests=wanted))
        assert guests_of(communes) == wanted
    with communes.database.reading() as session:
        rows = {row.site_id: row.withdrawn for row in session.query(Invitation)}
        assert (rows, session.query(Invitation).count()) == ({"ia-kly": False, "ia-o": True}, 2)


def test_who_is_not_in_the_tree_is_named_and_nothing_is_changed(communes: House) -> None:
    wanted = Guests(frozenset({998, 999}), frozenset({"ia-kly"}))
    with pytest.raises(WrongInputError, match="998, 999") as refused:
        edit(communes, draft(set(), guests=wanted))
    assert refused.value.field == "guests"
    assert guests_of(communes) == Guests(sites=frozenset({"ia-kly"}))


def test_what_was_moved_is_kept_by_another_title_and_comes_back_when_wished(
    communes: House,
) -> None:
    series = draft(set(), guests=guests_of(communes), rule=" freq=daily ")
    edit(communes, series)
    first = series.begin
    with communes.database.writing() as session:
        meeting = meetings.get_meeting(session, 1)
        assert meeting.rule == "FREQ=DAILY"
        meetings.move_occurrence(session, meeting, first, first + 60.0, 600.0, NOON)
        meetings.cancel_occurrence(session, meeting, first, NOON)  # takes the place of the move
        meetings.cancel_occurrence(session, meeting, first + DAY, NOON)
        assert session.query(OccurrenceChange).count() == 2
    edit(communes, replace(series, title="Khác", length_s=1800.0))
    with communes.database.writing() as session:
        assert session.query(OccurrenceChange).count() == 2
        meeting = meetings.get_meeting(session, 1)
        meetings.restore_occurrence(session, meeting, first, NOON)
        assert [row.instance for row in session.query(OccurrenceChange)] == [first + DAY]
        with pytest.raises(WrongInputError, match="5 minutes to 24 hours, not 4 minutes"):
            meetings.move_occurrence(session, meeting, first, first, 240.0, NOON)


def test_the_bounds_themselves_are_taken(communes: House) -> None:
    for length_s in (MIN_LENGTH_S, MAX_LENGTH_S):
        edit(communes, draft(set(), guests=guests_of(communes), length_s=length_s))
    edit(communes, draft(set(), guests=guests_of(communes), title=f" {'x' * 200}\t"))
    with communes.database.reading() as session:
        assert meetings.get_meeting(session, 1).title == "x" * 200
        with pytest.raises(NotFoundError, match="no meeting 2"):
            meetings.get_meeting(session, 2)


def test_two_meetings_at_one_time_overlap_by_the_sites_that_they_share(communes: House) -> None:
    root = communes.place("Gia Lai")
    begin = NOON + 3600.0
    communes.meeting(draft({root}, title="Cùng lúc", begin=begin + 5399.0))
    communes.meeting(draft({root}, title="Ngay sau", begin=begin + 5400.0))
    other = Guests(sites=frozenset({"ia-o"}))
    communes.meeting(draft(set(), title="Xã khác", guests=other, begin=begin))
    with communes.database.reading() as session:
        schedule = Schedule.load(session, Tree.load(session), NOON)
        (overlap,) = schedule.overlaps(1, NOON)
    assert (overlap.mine.title, overlap.other.title) == ("Giao ban tuần", "Cùng lúc")
    assert overlap.sites == ("ia-kly",)


def test_people_look_to_the_meeting_that_is_on_and_to_the_next_at_its_last_second() -> None:
    on, later = (
        Occurrence(n, f"{n}", "", NOON, at, at + 60.0) for n, at in ((1, NOON), (2, NOON + 90))
    )
    for at, wanted in (
        (NOON - 9.0, on),
        (NOON + 59.0, on),
        (NOON + 60.0, later),
        (NOON + 150, None),
    ):
        assert next_meeting([on, later], at) is wanted
