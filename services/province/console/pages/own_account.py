"""The account of the person who is logged in: a new password."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from appliance.core.message import N_
from services.province import accounts
from services.province.accounts import Role
from services.province.console.openapi import SECRET, page_form
from services.province.console.request import ConsoleRequest, needs
from services.province.errors import ProvinceError, TooManyTriesError, WrongInputError

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]


@router.get("/account")
def ask(request: Viewer) -> Response:
    """The form."""
    return _page(request)


@router.post("/account", openapi_extra=page_form(old=SECRET, password=SECRET, again=SECRET))
def change(request: Viewer) -> Response:
    """Change the password; this session goes on, all others of the account end."""
    old, new = request.secret("old"), request.secret("password")
    if new != request.secret("again"):
        return _page(request, WrongInputError(N_("The two new passwords differ."), "again"))
    token = request.http.cookies.get(request.province.cookie, "")
    try:
        with request.database.writing() as session:
            done = accounts.change_own(session, token, old, new, request.address, request.now)
            action = "password changed" if done else "password refused"
            request.note(session, action, request.who.name)
    except (WrongInputError, TooManyTriesError) as error:
        return _page(request, error)
    if not done:
        return _page(request, WrongInputError(N_("The old password is wrong."), "old"))
    return _page(request, done=True)


def _page(
    request: ConsoleRequest, wrong: ProvinceError | None = None, *, done: bool = False
) -> Response:
    status = 429 if isinstance(wrong, TooManyTriesError) else 400 if wrong is not None else 200
    return request.page("account.html", status, wrong=wrong, done=done)
