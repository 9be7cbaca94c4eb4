"""The first page: which sites are ready for the next meeting."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from services.province.accounts import Role
from services.province.console.request import ConsoleRequest, needs
from services.province.fleet.overview import Overview, overview

router = APIRouter()


@router.get("/")
def home(request: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]) -> Response:
    """The page."""
    with request.database.reading() as session:
        return request.page("home.html", seen=_seen(session, request))


def _seen(session: Session, request: ConsoleRequest) -> Overview:
    within_s = request.province.settings.tested_within_s
    return overview(session, request.now, tested_within_s=within_s)


def home_part(request: ConsoleRequest) -> str:
    """The live part of the page."""
    with request.database.reading() as session:
        return request.html("home_part.html", seen=_seen(session, request))
