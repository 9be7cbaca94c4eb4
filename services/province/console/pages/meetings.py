"""Meetings: the list, one meeting's page, entering, editing, cancelling."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from services.province.accounts import Role
from services.province.console.openapi import GUESTS, sent
from services.province.console.pages.meeting_form import FIELDS, REPEATS, MeetingForm
from services.province.console.request import ConsoleRequest, Number, needs, to
from services.province.errors import WrongInputError
from services.province.fleet.overview import standings_of
from services.province.fleet.readiness import State, near
from services.province.schedule import meetings
from services.province.schedule.feeds import Schedule, changes_of
from services.province.schedule.ical import occurrences
from services.province.sites import groups
from services.province.sites.tree import Tree
from services.province.storage.tables import Meeting

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]
LIST_AHEAD_S = 60 * 24 * 3600.0
MOST_LISTED, MOST_OCCURRENCES = 200, 12


@router.get("/meetings")
def listed(asked: Viewer) -> Response:
    """What is on and ahead, within two months."""
    with asked.database.reading() as session:
        tree = Tree.load(session)
        schedule = Schedule.load(session, tree, asked.now)
        found = schedule.between(asked.now, asked.now + LIST_AHEAD_S)[:MOST_LISTED]
        invited = {one.meeting_id: len(schedule.invited(one)) for one in found}
        meetings_by_id = schedule.meetings
    return asked.page("meetings.html", found=found, invited=invited, meetings=meetings_by_id)


@router.get("/meetings/new")
def blank(asked: Operator) -> Response:
    """The empty form."""
    begin = (asked.now // 3600 + 1) * 3600
    zone = asked.province.settings.zoneinfo
    made = Meeting(
        title="", begin=begin, length_s=5400.0, rule="", address="", chair="", chair_pin="",
        free=False,
    )  # fmt: skip
    with asked.database.reading() as session:
        tree = Tree.load(session)
        form = MeetingForm.of(
            made, meetings.Guests(frozenset(p.id for p in tree.children(None))), zone
        )
        return _form(session, asked, form, None)


@router.post("/meetings/new", openapi_extra=sent(**FIELDS, **GUESTS))
def enter(asked: Operator) -> Response:
    """A new meeting."""
    form = MeetingForm.read(asked)
    try:
        with asked.database.writing() as session:
            meeting = meetings.enter(
                session, form.wish(asked.province.settings.zoneinfo), asked.now
            )
            asked.note(session, "meeting entered", meeting.title, id=meeting.id)
    except WrongInputError as error:
        return _again(asked, form, None, error)
    return to(f"/meetings/{meeting.id}")


@router.get("/meetings/{number}")
def one(asked: Viewer, number: Number) -> Response:
    """One meeting: when, who, what overlaps, who is not ready."""
    with asked.database.reading() as session:
        return asked.page("meeting.html", **_meeting(session, asked, number))


@router.get("/meetings/{number}/edit")
def change(asked: Operator, number: Number) -> Response:
    """The form as the meeting stands."""
    with asked.database.reading() as session:
        meeting = meetings.get_meeting(session, number)
        form = MeetingForm.of(
            meeting, meetings.guests(session, meeting), asked.province.settings.zoneinfo
        )
        return _form(session, asked, form, number)


@router.post("/meetings/{number}/edit", openapi_extra=sent(**FIELDS, **GUESTS))
def edit(asked: Operator, number: Number) -> Response:
    """The changed form."""
    form = MeetingForm.read(asked)
    try:
        with asked.database.writing() as session:
            meeting = meetings.get_meeting(session, number)
            wish = form.wish(asked.province.settings.zoneinfo)
            meetings.edit(session, meeting, wish, asked.now)
            asked.note(session, "meeting changed", meeting.title, id=number)
    except WrongInputError as error:
        return _again(asked, form, number, error)
    return to(f"/meetings/{number}")


@router.post("/meetings/{number}/cancel", openapi_extra=sent())
def cancel(asked: Operator, number: Number) -> Response:
    """Take it off, all of a series."""
    with asked.database.writing() as session:
        meeting = meetings.get_meeting(session, number)
        meetings.cancel(meeting, asked.now)
        asked.note(session, "meeting cancelled", meeting.title, id=number)
    return to(f"/meetings/{number}")


def _meeting(session: Session, asked: ConsoleRequest, number: int) -> dict[str, Any]:
    meeting = meetings.get_meeting(session, number)
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, asked.now)
    changes = changes_of(session, [number]).get(number, [])
    found = occurrences(meeting, changes, asked.now, asked.now + LIST_AHEAD_S)
    invited = schedule.guests.get(number, set())
    close = bool(found) and near(asked.now, found[0].begin, found[0].end)
    standings = standings_of(session, invited, asked.now, close=close)
    needing = sorted(
        (site for site, standing in standings.items() if standing.state in _NEEDING),
        key=lambda site: tree.sites[site].name,
    )
    guests = meetings.guests(session, meeting)
    return {
        "meeting": meeting,
        "found": found[:MOST_OCCURRENCES],
        "off": [c.instance for c in changes if c.begin is None and c.instance > asked.now],
        "tree": tree,
        "guests": guests,
        "groups": groups.listed(session),
        "invited": invited,
        "needing": needing,
        "standings": standings,
        "overlaps": schedule.overlaps(number, asked.now)[:MOST_OCCURRENCES],
    }


_NEEDING = (State.SILENT, State.HELP)


def _form(
    session: Session,
    asked: ConsoleRequest,
    form: MeetingForm,
    number: int | None,
    wrong: WrongInputError | None = None,
) -> Response:
    repeats = dict(REPEATS)
    if form.repeat not in repeats:
        repeats[form.repeat] = form.repeat
    return asked.page(
        "meeting_form.html", 400 if wrong else 200, tree=Tree.load(session),
        groups=groups.listed(session), form=form, number=number, wrong=wrong, repeats=repeats,
    )  # fmt: skip


def _again(
    asked: ConsoleRequest, form: MeetingForm, number: int | None, wrong: WrongInputError
) -> Response:
    with asked.database.reading() as session:
        return _form(session, asked, form, number, wrong)
