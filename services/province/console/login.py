"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from services.province import accounts, audit
from services.province.accounts import Role
from services.province.console.openapi import SECRET, TEXT, asks, form, sent
from services.province.console.request import ConsoleRequest, Province, address_of, needs, to
from services.province.errors import ProvinceError, TooManyTriesError

router = APIRouter()


@router.get("/login", openapi_extra=asks(next=TEXT))
def ask(request: Request) -> Response:
    """The door."""
    return _door(request, request.query_params.get("next", "/"))


@router.post("/login", openapi_extra=form(name=TEXT, password=SECRET, next=TEXT))
async def enter(request: Request) -> Response:
    """Name and password; a session that was there before is never taken over."""
    form = await request.form(max_files=0, max_fields=10)
    return await run_in_threadpool(_enter, request, form)


@router.post("/logout", openapi_extra=sent())
def leave(asked: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]) -> Response:
    """End the session, here and at the server."""
    cookie = asked.province.cookie
    with asked.database.writing() as session:
        accounts.log_out(session, asked.request.cookies.get(cookie, ""))
        asked.note(session, "log-out")
    answer = to("/login")
    answer.delete_cookie(cookie, secure=asked.province.settings.secure, httponly=True)
    return answer


def _enter(request: Request, form: FormData) -> Response:
    province: Province = request.app.state.province
    now, address = province.now(), address_of(request)
    name, password = (
        str(form.get(key) or "").replace("\0", "")[:400] for key in ("name", "password")
    )
    wanted = str(form.get("next") or "/")
    problem: ProvinceError | None = None
    token = ""
    with province.database.writing() as session:
        try:
            token = accounts.log_in(session, name, password, address, now)
        except TooManyTriesError as error:
            problem = error
        if token:
            accounts.log_out(session, request.cookies.get(province.cookie, ""))
        action = "log-in" if token else "log-in refused"
        if problem is None:
            audit.note(session, now, accounts.clean_name(name), action, address=address)
    if not token:
        return _door(request, wanted, name=name, wrong=problem is None, problem=problem)
    answer = to(_inside(wanted))
    answer.set_cookie(
        province.cookie,
        token,
        max_age=int(accounts.LONGEST_S),
        path="/",
        secure=province.settings.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def _inside(path: str) -> str:
    """`path` where it is one of ours; "//host" and "/\\host" are another host's to a browser."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else "/"


def _door(
    request: Request,
    wanted: str,
    *,
    name: str = "",
    wrong: bool = False,
    problem: ProvinceError | None = None,
) -> Response:
    province: Province = request.app.state.province
    html = province.pages.render(
        "login.html", province.now(), settings=province.settings, next=_inside(wanted), name=name,
        wrong=wrong, problem=problem,
    )  # fmt: skip
    status = 429 if problem is not None else 401 if wrong else 200
    headers = {}
    if isinstance(problem, TooManyTriesError):
        headers["Retry-After"] = str(int(problem.wait_s) + 1)
    return HTMLResponse(html, status, headers)
