"""The first page: ready for the meeting at 14:00?"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.province.accounts import Role
from services.province.console.request import ConsoleRequest, needs
from services.province.fleet.overview import overview

router = APIRouter()


@router.get("/")
def home(request: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]) -> Response:
    """How things stand."""
    with request.database.reading() as session:
        return request.page("home.html", seen=overview(session, request.now))


def home_part(request: ConsoleRequest) -> str:
    """The part of it that lives."""
    with request.database.reading() as session:
        return request.html("home_part.html", seen=overview(session, request.now))
