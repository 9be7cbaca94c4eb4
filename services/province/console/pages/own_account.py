"""One's own account: another password."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from appliance.core.message import N_
from services.province import accounts
from services.province.accounts import Role
from services.province.console.openapi import SECRET, sent
from services.province.console.request import ConsoleRequest, needs
from services.province.errors import ProvinceError, TooManyTriesError, WrongInputError

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]


@router.get("/account")
def ask(asked: Viewer) -> Response:
    """The form."""
    return _page(asked)


@router.post("/account", openapi_extra=sent(old=SECRET, password=SECRET, again=SECRET))
def change(asked: Viewer) -> Response:
    """The old password and a new one; this session goes on, all others of the account end."""
    old, new = asked.secret("old"), asked.secret("password")
    if new != asked.secret("again"):
        return _page(asked, WrongInputError(N_("The two new passwords differ."), "again"))
    token = asked.request.cookies.get(asked.province.cookie, "")
    try:
        with asked.database.writing() as session:
            done = accounts.change_own(session, token, old, new, asked.address, asked.now)
            asked.note(session, "password changed" if done else "password refused", asked.who.name)
    except (WrongInputError, TooManyTriesError) as error:
        return _page(asked, error)
    if not done:
        return _page(asked, WrongInputError(N_("The old password is wrong."), "old"))
    return _page(asked, done=True)


def _page(
    asked: ConsoleRequest, wrong: ProvinceError | None = None, *, done: bool = False
) -> Response:
    status = 429 if isinstance(wrong, TooManyTriesError) else 400 if wrong is not None else 200
    return asked.page("account.html", status, wrong=wrong, done=done)
