"""Groups of sites: the list, and one group with its sites ticked."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.province.accounts import Role
from services.province.console.openapi import SITES, TEXT, sent
from services.province.console.request import ConsoleRequest, Number, needs, to
from services.province.errors import WrongInputError
from services.province.sites import groups
from services.province.sites.tree import Tree

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Operator = Annotated[ConsoleRequest, Depends(needs(Role.OPERATOR))]


@router.get("/groups")
def listed(asked: Viewer) -> Response:
    """All groups."""
    with asked.database.reading() as session:
        return asked.page("groups.html", groups=groups.listed(session))


@router.get("/groups/new")
def blank(asked: Operator) -> Response:
    """The empty form."""
    return _form(asked, None, "", frozenset())


@router.post("/groups/new", openapi_extra=sent(name=TEXT, site=SITES))
def make(asked: Operator) -> Response:
    """A new group."""
    name, sites = asked.field("name"), frozenset(asked.fields("site"))
    try:
        with asked.database.writing() as session:
            group = groups.make(session, name, sites)
            asked.note(session, "group made", group.name, sites=len(sites))
    except WrongInputError as error:
        return _form(asked, None, name, sites, error)
    return to("/groups")


@router.get("/groups/{number}")
def one(asked: Viewer, number: Number) -> Response:
    """One group."""
    with asked.database.reading() as session:
        group = groups.get_group(session, number)
        sites = frozenset(groups.members(session, group))
    return _form(asked, number, group.name, sites)


@router.post("/groups/{number}", openapi_extra=sent(name=TEXT, site=SITES))
def change(asked: Operator, number: Number) -> Response:
    """Another name, other sites."""
    name, sites = asked.field("name"), frozenset(asked.fields("site"))
    try:
        with asked.database.writing() as session:
            group = groups.get_group(session, number)
            groups.change(session, group, name, sites, asked.now)
            asked.note(session, "group changed", group.name, sites=len(sites))
    except WrongInputError as error:
        return _form(asked, number, name, sites, error)
    return to("/groups")


@router.post("/groups/{number}/delete", openapi_extra=sent())
def delete(asked: Operator, number: Number) -> Response:
    """Delete one that no meeting ahead invites."""
    with asked.database.writing() as session:
        group = groups.get_group(session, number)
        groups.remove(session, group, asked.now)
        asked.note(session, "group deleted", group.name)
    return to("/groups")


def _form(
    asked: ConsoleRequest,
    number: int | None,
    name: str,
    sites: frozenset[str],
    wrong: WrongInputError | None = None,
) -> Response:
    with asked.database.reading() as session:
        tree = Tree.load(session)
    return asked.page(
        "group.html", 400 if wrong else 200, tree=tree, number=number, name=name, chosen=sites,
        wrong=wrong,
    )  # fmt: skip
