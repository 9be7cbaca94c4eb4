"""Groups of sites: the list, and the form of one group."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.province.accounts import Role
from services.province.console.openapi import SITES, TEXT, page_form
from services.province.console.request import ConsoleRequest, RowId, needs, redirect
from services.province.errors import WrongInputError
from services.province.sites import groups
from services.province.sites.tree import Tree

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]


@router.get("/groups")
def listed(request: Viewer) -> Response:
    """All groups."""
    with request.database.reading() as session:
        return request.page("groups.html", groups=groups.listed(session))


@router.get("/groups/new")
def blank(request: Operator) -> Response:
    """The empty form."""
    return _form(request, None, "", frozenset())


@router.post("/groups/new", openapi_extra=page_form(name=TEXT, site=SITES))
def make(request: Operator) -> Response:
    """A new group."""
    name, sites = request.field("name"), frozenset(request.fields("site"))
    try:
        with request.database.writing() as session:
            group = groups.create(session, name, sites)
            request.note(session, "group made", group.name, sites=len(sites))
    except WrongInputError as error:
        return _form(request, None, name, sites, error)
    return redirect("/groups")


@router.get("/groups/{group_id}")
def one(request: Viewer, group_id: RowId) -> Response:
    """One group."""
    with request.database.reading() as session:
        group = groups.get_group(session, group_id)
        sites = frozenset(groups.members(session, group))
    return _form(request, group_id, group.name, sites)


@router.post("/groups/{group_id}", openapi_extra=page_form(name=TEXT, site=SITES))
def change(request: Operator, group_id: RowId) -> Response:
    """Change its name and sites."""
    name, sites = request.field("name"), frozenset(request.fields("site"))
    try:
        with request.database.writing() as session:
            group = groups.get_group(session, group_id)
            groups.change(session, group, name, sites, request.now)
            request.note(session, "group changed", group.name, sites=len(sites))
    except WrongInputError as error:
        return _form(request, group_id, name, sites, error)
    return redirect("/groups")


@router.post("/groups/{group_id}/delete", openapi_extra=page_form())
def delete(request: Operator, group_id: RowId) -> Response:
    """Delete one that no meeting ahead invites."""
    with request.database.writing() as session:
        group = groups.get_group(session, group_id)
        groups.remove(session, group, request.now)
        request.note(session, "group deleted", group.name)
    return redirect("/groups")


def _form(
    request: ConsoleRequest,
    group_id: int | None,
    name: str,
    sites: frozenset[str],
    wrong: WrongInputError | None = None,
) -> Response:
    with request.database.reading() as session:
        tree = Tree.load(session)
    return request.page(
        "group.html", 400 if wrong else 200, tree=tree, group_id=group_id, name=name, chosen=sites,
        wrong=wrong,
    )  # fmt: skip
