"""All alarms that stand now, across sites, and those that stood lately."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.province.accounts import Role
from services.province.console.request import ConsoleRequest, needs
from services.province.fleet.alarms import SEVERITIES, board

router = APIRouter()
Branch = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
"""A place's number; None for all."""


@router.get("/alarms")
def page(
    request: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))], place: Branch = None
) -> Response:
    """The page, of one branch or of all."""
    return request.page("alarms.html", **_board(request, place))


def alarms_part(request: ConsoleRequest, place: int | None) -> str:
    """The part of it that lives."""
    return request.html("alarms_part.html", **_board(request, place))


def _board(request: ConsoleRequest, place: int | None) -> dict[str, Any]:
    with request.database.reading() as session:
        return {"seen": board(session, request.now, place), "severities": SEVERITIES}
