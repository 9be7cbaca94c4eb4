"""The chair's page: hands, the floor, and attendance afterwards."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from appliance.core.meetings.due import MAX_OVERRUN_S
from appliance.core.message import N_
from services.province.accounts import Role
from services.province.console.openapi import SITE_ID, TEXT, file_response, page_form
from services.province.console.render import vi
from services.province.console.request import ConsoleRequest, Instance, RowId, needs, redirect
from services.province.errors import NotFoundError, WrongInputError
from services.province.floor.attendance import Attendance, attendance, workbook
from services.province.floor.chair_view import chair_view, occurrence_of
from services.province.floor.ended import can_be_ended, end_meeting, ended_of, take_up_again
from services.province.floor.head_count import (
    MAX_PEOPLE,
    head_counts,
    people_of,
    set_head_count,
)
from services.province.floor.participants import (
    Choice,
    OccurrenceKey,
    all_participations,
    floor_of,
    give_floor,
    name_leader,
    present_participations,
)
from services.province.schedule.feeds import Schedule
from services.province.schedule.ical import Occurrence
from services.province.schedule.meetings import get_meeting
from services.province.sites.tree import Tree
from services.province.storage.tables import Meeting

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
AsOperator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]
AsChair = Annotated[ConsoleRequest, Depends(needs(Role.CHAIR))]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADS = (
    N_("Name"),
    N_("Site id"),
    N_("Came"),
    N_("Left"),
    N_("Minutes present"),
    N_("Outages"),
    N_("Hands raised"),
    N_("People in the hall"),
)
UNPROVED = N_("guest under a site's name, not proved")
DAY_S = 86400.0


@router.get("/floor/{meeting_id}/{instance}")
def page(request: Viewer, meeting_id: RowId, instance: Instance) -> Response:
    """The chair's page of one occurrence."""
    key = OccurrenceKey(meeting_id, float(instance))
    _check_exists(request, key)
    with request.database.reading() as session:
        return request.page("floor.html", seen=chair_view(session, key, request.now), key=key)


@router.post("/floor/{meeting_id}/{instance}", openapi_extra=page_form(number=TEXT, name=TEXT))
def give(request: AsChair, meeting_id: RowId, instance: Instance) -> Response:
    """Give the floor to the participant of a number; "" takes it back.

    This opens no microphone: a hand at the site does.
    """
    key = OccurrenceKey(meeting_id, float(instance))
    _check_exists(request, key)
    with request.database.writing() as session:
        choice = _chosen(request, session, key)
        give_floor(floor_of(session, key), choice)
        _note(request, session, key, "floor given" if choice.name else "floor taken back", choice)
    return redirect(f"/floor/{meeting_id}/{instance}")


@router.post(
    "/floor/{meeting_id}/{instance}/leader", openapi_extra=page_form(number=TEXT, name=TEXT)
)
def lead(request: AsChair, meeting_id: RowId, instance: Instance) -> Response:
    """Name the participant of a number as the person in the chair; "" names nobody.

    All sites see that one while nobody has the floor.
    """
    key = OccurrenceKey(meeting_id, float(instance))
    _check_exists(request, key)
    with request.database.writing() as session:
        choice = _chosen(request, session, key)
        name_leader(floor_of(session, key), choice)
        _note(request, session, key, "chair named" if choice.name else "chair not named", choice)
    return redirect(f"/floor/{meeting_id}/{instance}")


@router.get("/floor/{meeting_id}/{instance}/end")
def ask_to_end(request: AsChair, meeting_id: RowId, instance: Instance) -> Response:
    """The question before the meeting is ended for all sites."""
    key = OccurrenceKey(meeting_id, float(instance))
    with request.database.reading() as session:
        seen = chair_view(session, key, request.now)
        if seen.occurrence is None or not seen.can_be_ended or seen.ended is not None:
            return redirect(f"/floor/{meeting_id}/{instance}")
        return request.page("floor_end.html", seen=seen, key=key)


@router.post("/floor/{meeting_id}/{instance}/end", openapi_extra=page_form())
def end(request: AsChair, meeting_id: RowId, instance: Instance) -> Response:
    """End it: every invited site leaves, and nobody has the floor."""
    key = OccurrenceKey(meeting_id, float(instance))
    with request.database.writing() as session:
        occurrence, title = _open_one(session, key, request.now)
        if ended_of(session, occurrence) is None:
            end_meeting(session, occurrence, request.now, request.who.name)
            give_floor(floor_of(session, key), Choice())
            request.note(session, "meeting ended for all sites", title, uid=occurrence.uid)
    return redirect(f"/floor/{meeting_id}/{instance}")


@router.post("/floor/{meeting_id}/{instance}/go-on", openapi_extra=page_form())
def go_on(request: AsChair, meeting_id: RowId, instance: Instance) -> Response:
    """Take the end back: the sites join again."""
    key = OccurrenceKey(meeting_id, float(instance))
    with request.database.writing() as session:
        occurrence, title = _open_one(session, key, request.now)
        if take_up_again(session, key):
            request.note(session, "meeting goes on after all", title, uid=occurrence.uid)
    return redirect(f"/floor/{meeting_id}/{instance}")


@router.get("/floor/{meeting_id}/{instance}/attendance")
def printable(request: Viewer, meeting_id: RowId, instance: Instance) -> Response:
    """Attendance as a page to print."""
    key = OccurrenceKey(meeting_id, float(instance))
    with request.database.reading() as session:
        meeting, begin, lines = _attendance(session, request, key)
        return request.page(
            "attendance.html",
            meeting=meeting,
            begin=begin,
            lines=lines,
            key=key,
            heads=HEADS,
            unproved=UNPROVED,
            people=sum(line.people or 0 for line in lines),
            most=MAX_PEOPLE,
        )


@router.post(
    "/floor/{meeting_id}/{instance}/people", openapi_extra=page_form(site=SITE_ID, people=TEXT)
)
def count(request: AsOperator, meeting_id: RowId, instance: Instance) -> Response:
    """Enter how many people are in a site's hall, as a telephone call says; "" takes it back."""
    key = OccurrenceKey(meeting_id, float(instance))
    _check_exists(request, key)
    site, people = request.field("site"), people_of(request.field("people"))
    with request.database.writing() as session:
        if site not in Tree.load(session).sites:
            raise NotFoundError(N_("There is no such site."))
        set_head_count(session, key, site, people, request.now, request.who.name)
        title = get_meeting(session, meeting_id).title
        request.note(session, "people counted", title, site=site, people=people)
    return redirect(f"/floor/{meeting_id}/{instance}/attendance")


@router.get(
    "/floor/{meeting_id}/{instance}/attendance.xlsx",
    response_class=Response,
    responses=file_response(XLSX),
)
def as_sheet(request: Viewer, meeting_id: RowId, instance: Instance) -> Response:
    """Attendance as a sheet."""
    zone = request.province.settings.zoneinfo
    with request.database.reading() as session:
        meeting, begin, lines = _attendance(
            session, request, OccurrenceKey(meeting_id, float(instance))
        )

    def moment(at: float) -> str:
        return f"{datetime.fromtimestamp(at, zone):%H:%M:%S %d/%m/%Y}"

    heads, unproved = [vi(head) for head in HEADS], vi(UNPROVED)
    content = workbook(meeting.title, lines, moment, heads, unproved)
    name = f"diem-danh-{datetime.fromtimestamp(begin, zone):%Y-%m-%d-%Hh%M}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{quote(name)}"'}
    return Response(content, media_type=XLSX, headers=headers)


def floor_part(request: ConsoleRequest, meeting_id: int, instance: float) -> str:
    """The live part of the page."""
    key = OccurrenceKey(meeting_id, instance)
    with request.database.reading() as session:
        return request.html("floor_part.html", seen=chair_view(session, key, request.now), key=key)


def _chosen(request: ConsoleRequest, session: Session, key: OccurrenceKey) -> Choice:
    """The participant whom the form names by number; its name is for the answer alone."""
    number, name = request.field("number"), request.field("name")
    if not number:
        return Choice()
    for one in present_participations(session, key):
        if str(one.number) == number:
            return Choice(one.number, one.site_id or "", one.name)
    shown = name or number
    raise WrongInputError(N_("“{value}” is not in the meeting any more."), value=shown)


def _note(
    request: ConsoleRequest, session: Session, key: OccurrenceKey, action: str, choice: Choice
) -> None:
    title = get_meeting(session, key.meeting_id).title
    request.note(session, action, title, to=choice.name, site=choice.site, number=choice.number)


def _open_one(session: Session, key: OccurrenceKey, now: float) -> tuple[Occurrence, str]:
    """The occurrence and its title; raises `NotFoundError`, and `WrongInputError` where no site can
    be in it (any more)."""
    occurrence = occurrence_of(session, key)
    meeting = get_meeting(session, key.meeting_id)
    if occurrence is None:
        raise NotFoundError(N_("There is no such occurrence any more."))
    if not can_be_ended(occurrence, now):
        raise WrongInputError(N_("No site can be in this meeting now."))
    return occurrence, meeting.title


def _check_exists(request: ConsoleRequest, key: OccurrenceKey) -> None:
    """Raise `NotFoundError` where there is no such occurrence."""
    with request.database.reading() as session:
        if occurrence_of(session, key) is None:
            raise NotFoundError(N_("There is no such occurrence any more."))


def _attendance(
    session: Session, request: ConsoleRequest, key: OccurrenceKey
) -> tuple[Meeting, float, list[Attendance]]:
    meeting = get_meeting(session, key.meeting_id)
    occurrence = occurrence_of(session, key)
    begin = occurrence.begin if occurrence is not None else key.instance
    end = occurrence.end if occurrence is not None else key.instance + meeting.length_s
    tree = Tree.load(session)
    guests = Schedule.load(session, tree, key.instance - DAY_S).guests.get(meeting.id, set())
    invited = {site: tree.sites[site].name for site in guests}
    return (
        meeting,
        begin,
        attendance(
            all_participations(session, key),
            invited,
            end + MAX_OVERRUN_S,
            request.now,
            head_counts(session, key),
        ),
    )
