"""The active alarms of all sites, and those that ended lately."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.province.accounts import Role
from services.province.console.request import ConsoleRequest, needs
from services.province.fleet.alarms import SEVERITIES, alarms_view

router = APIRouter()
Branch = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
"""A place's id; None for all."""


@router.get("/alarms")
def page(
    request: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))], place: Branch = None
) -> Response:
    """The page, of one branch or of all."""
    return request.page("alarms.html", **_values(request, place))


def alarms_part(request: ConsoleRequest, place: int | None) -> str:
    """The live part of the page."""
    return request.html("alarms_part.html", **_values(request, place))


def _values(request: ConsoleRequest, place: int | None) -> dict[str, Any]:
    with request.database.reading() as session:
        return {"seen": alarms_view(session, request.now, place), "severities": SEVERITIES}
