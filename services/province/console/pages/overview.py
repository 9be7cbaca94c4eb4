"""The first page: which sites are ready for the next meeting."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.province.accounts import Role
from services.province.console.request import ConsoleRequest, needs
from services.province.fleet.overview import overview

router = APIRouter()


@router.get("/")
def home(request: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]) -> Response:
    """The page."""
    with request.database.reading() as session:
        return request.page("home.html", seen=overview(session, request.now))


def home_part(request: ConsoleRequest) -> str:
    """The live part of the page."""
    with request.database.reading() as session:
        return request.html("home_part.html", seen=overview(session, request.now))
