"""The account of the person who is logged in: a new password."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from appliance.core.message import N_
from services.province import accounts
from services.province.accounts import Checked, Role
from services.province.console.openapi import SECRET, page_form
from services.province.console.password_checks import PasswordChecks
from services.province.console.request import ConsoleRequest, needs
from services.province.errors import ProvinceError, TooManyTriesError, WrongInputError

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]


@router.get("/account")
def ask(request: Viewer) -> Response:
    """The form."""
    return _page(request)


@router.post("/account", openapi_extra=page_form(old=SECRET, password=SECRET, again=SECRET))
async def change(request: Viewer) -> Response:
    """Change the password; this session goes on, all others of the account end."""
    try:
        known = await run_in_threadpool(_own_hash, request)
        checks: PasswordChecks = request.http.app.state.password_checks
        checked = await checks.check(known, request.secret("old"), request.address)
    except TooManyTriesError as error:
        return await run_in_threadpool(_page, request, error)
    return await run_in_threadpool(_change, request, checked)


def _own_hash(request: ConsoleRequest) -> str:
    with request.database.reading() as session:
        return accounts.own_hash(session, _token(request), request.address, request.now)


def _change(request: ConsoleRequest, checked: Checked) -> Response:
    old, new = request.secret("old"), request.secret("password")
    if new != request.secret("again"):
        return _page(request, WrongInputError(N_("The two new passwords differ."), "again"))
    try:
        with request.database.writing() as session:
            done = accounts.change_own(
                session, _token(request), old, new, request.address, request.now, checked=checked
            )
            action = "password changed" if done else "password refused"
            request.note(session, action, request.who.name)
    except (WrongInputError, TooManyTriesError) as error:
        return _page(request, error)
    if not done:
        return _page(request, WrongInputError(N_("The old password is wrong."), "old"))
    return _page(request, done=True)


def _token(request: ConsoleRequest) -> str:
    return request.http.cookies.get(request.province.cookie, "")


def _page(
    request: ConsoleRequest, wrong: ProvinceError | None = None, *, done: bool = False
) -> Response:
    status = 429 if isinstance(wrong, TooManyTriesError) else 400 if wrong is not None else 200
    return request.page("account.html", status, wrong=wrong, done=done)
