"""One occurrence: rehearsed; of a series also moved, cancelled, or restored."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.accounts import Role
from services.province.console.openapi import MINUTES, MOMENT, page_form
from services.province.console.pages.meeting_form import field_of, moment, seconds
from services.province.console.request import ConsoleRequest, Instance, RowId, needs, redirect
from services.province.errors import NotFoundError, WrongInputError
from services.province.fleet import rehearsals
from services.province.floor.chair_view import occurrence_of
from services.province.floor.participants import OccurrenceKey
from services.province.schedule import meetings
from services.province.schedule.feeds import changes_of
from services.province.schedule.ical import Occurrence
from services.province.storage.tables import Meeting

router = APIRouter()
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]


@router.get("/meetings/{meeting_id}/occurrences/{instance}")
def one(request: Operator, meeting_id: RowId, instance: Instance) -> Response:
    """The form with its present time."""
    with request.database.reading() as session:
        meeting, occurrence = _there(session, meeting_id, instance)
        begin = field_of(occurrence.begin, request.province.settings.zoneinfo)
        minutes = f"{(occurrence.end - occurrence.begin) / 60:.0f}"
        own_s = _own_doors(session, meeting, occurrence.instance)
        doors = "" if own_s is None else f"{own_s / 60:.0f}"
        return _form(session, request, meeting, occurrence, (begin, minutes, doors))


@router.post(
    "/meetings/{meeting_id}/occurrences/{instance}/move",
    openapi_extra=page_form(begin=MOMENT, minutes=MINUTES, doors=MINUTES),
)
def move(request: Operator, meeting_id: RowId, instance: Instance) -> Response:
    """Move it to another time or length, or give it doors of its own."""
    begin, minutes = request.field("begin"), request.field("minutes")
    doors = request.field("doors").strip()
    zone = request.province.settings.zoneinfo
    try:
        with request.database.writing() as session:
            meeting, _ = _there(session, meeting_id, instance)
            meetings.move_occurrence(
                session, meeting, float(instance), moment(begin, zone), seconds(minutes),
                request.now, doors_s=seconds(doors, "doors") if doors else None,
            )  # fmt: skip
            request.note(
                session, "occurrence moved", meeting.title, id=meeting_id, instance=instance,
                begin=begin, minutes=minutes, doors=doors,
            )  # fmt: skip
    except WrongInputError as error:
        with request.database.reading() as session:
            meeting, occurrence = _there(session, meeting_id, instance)
            fields = (begin, minutes, doors)
            return _form(session, request, meeting, occurrence, fields, error)
    return redirect(f"/meetings/{meeting_id}")


@router.post("/meetings/{meeting_id}/occurrences/{instance}/cancel", openapi_extra=page_form())
def cancel(request: Operator, meeting_id: RowId, instance: Instance) -> Response:
    """Cancel it: the feeds have it as cancelled."""
    with request.database.writing() as session:
        meeting, _ = _there(session, meeting_id, instance)
        meetings.cancel_occurrence(session, meeting, float(instance), request.now)
        request.note(
            session, "occurrence cancelled", meeting.title, id=meeting_id, instance=instance
        )
    return redirect(f"/meetings/{meeting_id}")


@router.post("/meetings/{meeting_id}/occurrences/{instance}/restore", openapi_extra=page_form())
def restore(request: Operator, meeting_id: RowId, instance: Instance) -> Response:
    """Undo a move or a cancellation."""
    with request.database.writing() as session:
        meeting = _series(session, meeting_id)
        if not _changed(session, meeting, float(instance)):
            raise NotFoundError(N_("There is no such occurrence any more."))
        meetings.restore_occurrence(session, meeting, float(instance), request.now)
        request.note(
            session, "occurrence restored", meeting.title, id=meeting_id, instance=instance
        )
    return redirect(f"/meetings/{meeting_id}")


@router.post("/meetings/{meeting_id}/occurrences/{instance}/rehearse", openapi_extra=page_form())
def rehearse(request: Operator, meeting_id: RowId, instance: Instance) -> Response:
    """Let all its sites rehearse now, in waves."""
    with request.database.writing() as session:
        meeting = meetings.get_meeting(session, meeting_id)
        occurrence = occurrence_of(session, OccurrenceKey(meeting_id, float(instance)))
        if occurrence is None or meeting.cancelled or occurrence.begin <= request.now:
            raise NotFoundError(N_("There is no such occurrence any more."))
        rehearsals.ask(session, occurrence, request.now)
        request.note(session, "rehearsal asked", meeting.title, id=meeting_id, instance=instance)
    return redirect(f"/meetings/{meeting_id}")


def _series(session: Session, meeting_id: int) -> Meeting:
    meeting = meetings.get_meeting(session, meeting_id)
    if not meeting.rule or meeting.cancelled:
        raise NotFoundError(N_("There is no such occurrence any more."))
    return meeting


def _there(session: Session, meeting_id: int, instance: int) -> tuple[Meeting, Occurrence]:
    meeting = _series(session, meeting_id)
    occurrence = occurrence_of(session, OccurrenceKey(meeting_id, float(instance)))
    if occurrence is None:
        raise NotFoundError(N_("There is no such occurrence any more."))
    return meeting, occurrence


def _changed(session: Session, meeting: Meeting, instance: float) -> bool:
    changes = changes_of(session, [meeting.id]).get(meeting.id, [])
    return any(change.instance == instance for change in changes)


def _own_doors(session: Session, meeting: Meeting, instance: float) -> float | None:
    changes = changes_of(session, [meeting.id]).get(meeting.id, [])
    return next((change.doors_s for change in changes if change.instance == instance), None)


def _form(
    session: Session,
    request: ConsoleRequest,
    meeting: Meeting,
    occurrence: Occurrence,
    fields: tuple[str, str, str],
    wrong: WrongInputError | None = None,
) -> Response:
    begin, minutes, doors = fields
    return request.page(
        "occurrence.html", 400 if wrong else 200, meeting=meeting, one=occurrence, begin=begin,
        minutes=minutes, doors=doors, wrong=wrong,
        changed=_changed(session, meeting, occurrence.instance),
    )  # fmt: skip
