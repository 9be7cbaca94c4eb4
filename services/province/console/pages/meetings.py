"""Meetings: the list, the page of one, creating, editing, cancelling."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from services.province.accounts import Role
from services.province.console.openapi import GUESTS, page_form
from services.province.console.pages.meeting_form import FIELDS, MeetingForm
from services.province.console.repetition import REPEATS, how, repeats
from services.province.console.request import ConsoleRequest, RowId, needs, redirect
from services.province.errors import WrongInputError
from services.province.fleet.overview import statuses_of
from services.province.fleet.readiness import State, is_near
from services.province.fleet.rehearsals import ASK_AHEAD_S
from services.province.schedule import meetings
from services.province.schedule.feeds import Schedule, changes_of
from services.province.schedule.ical import BrokenRow, is_possible, occurrences
from services.province.sites import groups
from services.province.sites.tree import Tree
from services.province.storage.tables import Meeting

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]
LIST_AHEAD_S = 60 * 24 * 3600.0
MAX_LISTED, MAX_OCCURRENCES = 200, 12


@router.get("/meetings")
def list_meetings(request: Viewer) -> Response:
    """Meetings that are on or begin within two months."""
    with request.database.reading() as session:
        tree = Tree.load(session)
        schedule = Schedule.load(session, tree, request.now)
        found = schedule.between(request.now, request.now + LIST_AHEAD_S)[:MAX_LISTED]
        invited = {one.meeting_id: len(schedule.invited(one)) for one in found}
        meetings_by_id = schedule.meetings
        broken = sorted(schedule.broken.values(), key=lambda row: row.meeting_id)
    return request.page(
        "meetings.html", found=found, invited=invited, meetings=meetings_by_id, broken=broken
    )


@router.get("/meetings/new")
def new(request: Operator) -> Response:
    """The empty form."""
    begin = (request.now // 3600 + 1) * 3600
    zone = request.province.settings.zoneinfo
    made = Meeting(
        title="", begin=begin, length_s=5400.0, rule="", address="", chair="", chair_pin="",
        free=False, conference_id="", conference_pin="",
    )  # fmt: skip
    with request.database.reading() as session:
        tree = Tree.load(session)
        form = MeetingForm.of(
            made, meetings.Guests(frozenset(p.id for p in tree.children(None))), zone
        )
        return _form(session, request, form, None)


@router.post("/meetings/new", openapi_extra=page_form(**FIELDS, **GUESTS))
def create(request: Operator) -> Response:
    """A new meeting."""
    form = MeetingForm.read(request)
    try:
        with request.database.writing() as session:
            meeting = meetings.create(session, _draft(request, form), request.now)
            request.note(session, "meeting entered", meeting.title, id=meeting.id)
    except WrongInputError as error:
        return _form_again(request, form, None, error)
    return redirect(f"/meetings/{meeting.id}")


@router.get("/meetings/{meeting_id}")
def show(request: Viewer, meeting_id: RowId) -> Response:
    """One meeting: times, guests, overlaps, sites that are not ready."""
    with request.database.reading() as session:
        return request.page("meeting.html", **_meeting(session, request, meeting_id))


@router.get("/meetings/{meeting_id}/edit")
def edit_form(request: Operator, meeting_id: RowId) -> Response:
    """The form of an existing meeting."""
    with request.database.reading() as session:
        meeting = meetings.get_meeting(session, meeting_id)
        form = MeetingForm.of(
            meeting, meetings.guests(session, meeting), request.province.settings.zoneinfo
        )
        return _form(session, request, form, meeting_id)


@router.post("/meetings/{meeting_id}/edit", openapi_extra=page_form(**FIELDS, **GUESTS))
def edit(request: Operator, meeting_id: RowId) -> Response:
    """Change a meeting."""
    form = MeetingForm.read(request)
    try:
        with request.database.writing() as session:
            meeting = meetings.get_meeting(session, meeting_id)
            draft = _draft(request, form, meeting.conference_pin)
            meetings.edit(session, meeting, draft, request.now)
            request.note(session, "meeting changed", meeting.title, id=meeting_id)
    except WrongInputError as error:
        return _form_again(request, form, meeting_id, error)
    return redirect(f"/meetings/{meeting_id}")


@router.post("/meetings/{meeting_id}/cancel", openapi_extra=page_form())
def cancel(request: Operator, meeting_id: RowId) -> Response:
    """Cancel it, all of a series."""
    with request.database.writing() as session:
        meeting = meetings.get_meeting(session, meeting_id)
        meetings.cancel(meeting, request.now)
        request.note(session, "meeting cancelled", meeting.title, id=meeting_id)
    return redirect(f"/meetings/{meeting_id}")


def _draft(request: ConsoleRequest, form: MeetingForm, pin: str = "") -> meetings.MeetingDraft:
    settings = request.province.settings
    return form.draft(settings.zoneinfo, frozenset(settings.hosts), pin)


def _meeting(session: Session, request: ConsoleRequest, meeting_id: int) -> dict[str, Any]:
    meeting = meetings.get_meeting(session, meeting_id)
    tree = Tree.load(session)
    schedule = Schedule.load(session, tree, request.now)
    changes = changes_of(session, [meeting_id]).get(meeting_id, [])
    broken: list[BrokenRow] = []
    found = occurrences(meeting, changes, request.now, request.now + LIST_AHEAD_S, broken)
    invited = schedule.guests.get(meeting_id, set())
    close = bool(found) and is_near(request.now, found[0].begin, found[0].end)
    within_s = request.province.settings.tested_within_s
    statuses = statuses_of(session, invited, request.now, close=close, tested_within_s=within_s)
    needing = sorted(
        (site for site, status in statuses.items() if status.state in _NEEDING),
        key=lambda site: tree.sites[site].name,
    )
    guests = meetings.guests(session, meeting)
    return {
        "meeting": meeting,
        "repeats": repeats(meeting.rule, request.province.settings.zoneinfo),
        "found": found[:MAX_OCCURRENCES],
        "broken": broken,
        "off": [
            c.instance
            for c in changes
            if c.begin is None and c.instance > request.now and is_possible(c.instance)
        ],
        "tree": tree,
        "guests": guests,
        "groups": groups.listed(session),
        "invited": invited,
        "needing": needing,
        "rehearsal_ahead_s": ASK_AHEAD_S,
        "statuses": statuses,
        "overlaps": schedule.overlaps(meeting_id, request.now)[:MAX_OCCURRENCES],
    }


_NEEDING = (State.SILENT, State.HELP, State.UNTESTED, State.NEVER)


def _form(
    session: Session,
    request: ConsoleRequest,
    form: MeetingForm,
    meeting_id: int | None,
    wrong: WrongInputError | None = None,
) -> Response:
    offered = dict(REPEATS)
    if form.repeat not in offered:
        offered[form.repeat] = how(form.repeat, request.province.settings.zoneinfo)
    return request.page(
        "meeting_form.html", 400 if wrong else 200, tree=Tree.load(session),
        groups=groups.listed(session), form=form, meeting_id=meeting_id, wrong=wrong,
        repeats=offered,
    )  # fmt: skip


def _form_again(
    request: ConsoleRequest, form: MeetingForm, meeting_id: int | None, wrong: WrongInputError
) -> Response:
    with request.database.reading() as session:
        return _form(session, request, form, meeting_id, wrong)
