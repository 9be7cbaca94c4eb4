"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from services.province import accounts, audit
from services.province.accounts import Role
from services.province.console.openapi import SECRET, TEXT, form_body, page_form, parameters
from services.province.console.request import ConsoleRequest, Province, address_of, needs, redirect
from services.province.errors import ProvinceError, TooManyTriesError

router = APIRouter()


@router.get("/login", openapi_extra=parameters(next=TEXT))
def login_form(request: Request) -> Response:
    """The form."""
    return _login_page(request, request.query_params.get("next", "/"))


@router.post("/login", openapi_extra=form_body(name=TEXT, password=SECRET, next=TEXT))
async def login(request: Request) -> Response:
    """Check name and password; a session that was there before is never taken over."""
    form = await request.form(max_files=0, max_fields=10)
    return await run_in_threadpool(_login, request, form)


@router.post("/logout", openapi_extra=page_form())
def logout(request: Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]) -> Response:
    """End the session, here and at the server."""
    cookie = request.province.cookie
    with request.database.writing() as session:
        accounts.log_out(session, request.http.cookies.get(cookie, ""))
        request.note(session, "log-out")
    answer = redirect("/login")
    answer.delete_cookie(cookie, secure=request.province.settings.secure, httponly=True)
    return answer


def _login(request: Request, form: FormData) -> Response:
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
        return _login_page(request, wanted, name=name, wrong=problem is None, problem=problem)
    answer = redirect(_local_path(wanted))
    answer.set_cookie(
        province.cookie,
        token,
        max_age=int(accounts.MAX_SESSION_S),
        path="/",
        secure=province.settings.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def _local_path(path: str) -> str:
    """`path` where it is one of ours; "//host" and "/\\host" are another host's to a browser."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else "/"


def _login_page(
    request: Request,
    wanted: str,
    *,
    name: str = "",
    wrong: bool = False,
    problem: ProvinceError | None = None,
) -> Response:
    province: Province = request.app.state.province
    html = province.pages.render(
        "login.html", province.now(), settings=province.settings, next=_local_path(wanted),
        name=name, wrong=wrong, problem=problem,
    )  # fmt: skip
    status = 429 if problem is not None else 401 if wrong else 200
    headers = {}
    if isinstance(problem, TooManyTriesError):
        headers["Retry-After"] = str(int(problem.wait_s) + 1)
    return HTMLResponse(html, status, headers)
