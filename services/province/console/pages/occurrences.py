"""One occurrence of a series: at another hour, off, or as the rule has it again."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.accounts import Role
from services.province.console.openapi import MINUTES, MOMENT, sent
from services.province.console.pages.meeting_form import field_of, moment, seconds
from services.province.console.request import ConsoleRequest, Instance, Number, needs, to
from services.province.errors import NotFoundError, WrongInputError
from services.province.floor.chair_view import occurrence_of
from services.province.floor.participants import Key
from services.province.schedule import meetings
from services.province.schedule.feeds import changes_of
from services.province.schedule.ical import Occurrence
from services.province.storage.tables import Meeting

router = APIRouter()
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]


@router.get("/meetings/{number}/occurrences/{instance}")
def one(asked: Operator, number: Number, instance: Instance) -> Response:
    """The form with the hour at which it is now."""
    with asked.database.reading() as session:
        meeting, occurrence = _there(session, number, instance)
        begin = field_of(occurrence.begin, asked.province.settings.zoneinfo)
        minutes = f"{(occurrence.end - occurrence.begin) / 60:.0f}"
        return _form(session, asked, meeting, occurrence, begin, minutes)


@router.post(
    "/meetings/{number}/occurrences/{instance}/move",
    openapi_extra=sent(begin=MOMENT, minutes=MINUTES),
)
def move(asked: Operator, number: Number, instance: Instance) -> Response:
    """To another hour, or longer or shorter."""
    begin, minutes = asked.field("begin"), asked.field("minutes")
    zone = asked.province.settings.zoneinfo
    try:
        with asked.database.writing() as session:
            meeting, _ = _there(session, number, instance)
            meetings.move_occurrence(
                session, meeting, float(instance), moment(begin, zone), seconds(minutes), asked.now
            )
            asked.note(
                session, "occurrence moved", meeting.title, id=number, instance=instance,
                begin=begin, minutes=minutes,
            )  # fmt: skip
    except WrongInputError as error:
        with asked.database.reading() as session:
            meeting, occurrence = _there(session, number, instance)
            return _form(session, asked, meeting, occurrence, begin, minutes, error)
    return to(f"/meetings/{number}")


@router.post("/meetings/{number}/occurrences/{instance}/cancel", openapi_extra=sent())
def cancel(asked: Operator, number: Number, instance: Instance) -> Response:
    """Off: the sites are told of it by name."""
    with asked.database.writing() as session:
        meeting, _ = _there(session, number, instance)
        meetings.cancel_occurrence(session, meeting, float(instance), asked.now)
        asked.note(session, "occurrence cancelled", meeting.title, id=number, instance=instance)
    return to(f"/meetings/{number}")


@router.post("/meetings/{number}/occurrences/{instance}/restore", openapi_extra=sent())
def restore(asked: Operator, number: Number, instance: Instance) -> Response:
    """As the rule has it, after it was moved or taken off."""
    with asked.database.writing() as session:
        meeting = _series(session, number)
        if not _changed(session, meeting, float(instance)):
            raise NotFoundError(N_("There is no such occurrence any more."))
        meetings.restore_occurrence(session, meeting, float(instance), asked.now)
        asked.note(session, "occurrence restored", meeting.title, id=number, instance=instance)
    return to(f"/meetings/{number}")


def _series(session: Session, number: int) -> Meeting:
    meeting = meetings.get_meeting(session, number)
    if not meeting.rule or meeting.cancelled:
        raise NotFoundError(N_("There is no such occurrence any more."))
    return meeting


def _there(session: Session, number: int, instance: int) -> tuple[Meeting, Occurrence]:
    meeting = _series(session, number)
    occurrence = occurrence_of(session, Key(number, float(instance)))
    if occurrence is None:
        raise NotFoundError(N_("There is no such occurrence any more."))
    return meeting, occurrence


def _changed(session: Session, meeting: Meeting, instance: float) -> bool:
    changes = changes_of(session, [meeting.id]).get(meeting.id, [])
    return any(change.instance == instance for change in changes)


def _form(
    session: Session,
    asked: ConsoleRequest,
    meeting: Meeting,
    occurrence: Occurrence,
    begin: str,
    minutes: str,
    wrong: WrongInputError | None = None,
) -> Response:
    return asked.page(
        "occurrence.html", 400 if wrong else 200, meeting=meeting, one=occurrence, begin=begin,
        minutes=minutes, wrong=wrong, changed=_changed(session, meeting, occurrence.instance),
    )  # fmt: skip
