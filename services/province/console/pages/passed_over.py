"""What was passed over: messages and rows that could not be used, and parts that failed."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from appliance.core.message import N_
from services.province import passed_over
from services.province.accounts import Role
from services.province.console.request import ConsoleRequest, needs
from services.province.passed_over import Part

router = APIRouter()
WORDS: dict[str, str] = {
    Part.REPORTS: N_("Report that could not be read or stored"),
    Part.FLOOD: N_("More reports than one site may send"),
    Part.SCHEDULE: N_("Meeting that could not be read"),
    Part.FLOOR: N_("Room that could not be followed"),
    Part.NOTICES: N_("Meeting whose sites could not be told of it"),
    Part.DESIRED: N_("Conference whose sites could not be told of the floor"),
    Part.HISTORY: N_("History that could not be condensed"),
    Part.ENROLMENT: N_("Requests for certificates from one address, more than it may have"),
    Part.FAILED: N_("Part of the program that failed and was started again"),
    Part.ENDED: N_("The program ended without a word and was started again"),
}


@router.get("/passed-over")
def page(request: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]) -> Response:
    """Each with its count and the last time, the newest first."""
    with request.database.reading() as session:
        return request.page("passed_over.html", rows=passed_over.listed(session), words=WORDS)
