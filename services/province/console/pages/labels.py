"""Labels to print, one for each site of a branch."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from appliance.core.message import N_
from services.province.accounts import Role
from services.province.console.openapi import TEXT, parameters
from services.province.console.request import ConsoleRequest, needs
from services.province.errors import NotFoundError
from services.province.sites.labels import labels, sheets
from services.province.sites.tree import Tree

router = APIRouter()
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]


@router.get("/labels", openapi_extra=parameters(place=TEXT))
def page(request: Operator) -> Response:
    """Labels of all sites, or of those below one place (``?place=``)."""
    wanted = request.http.query_params.get("place", "")
    with request.database.reading() as session:
        tree = Tree.load(session)
    place = int(wanted) if re.fullmatch("[0-9]{1,9}", wanted) else None
    if wanted and place not in tree.places:
        raise NotFoundError(N_("There is no place {value}."), value=wanted[:20])
    sites = tree.sites_below(place) if place is not None else list(tree.sites)
    found = labels(request.province.settings, tree, sites)
    return request.page(
        "labels.html", tree=tree, place=place, sheets=sheets(found), count=len(found)
    )
