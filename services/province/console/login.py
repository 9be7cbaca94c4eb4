"""Logging in and out."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from appliance.wire.letters import storable, visible
from services.province import accounts, audit
from services.province.accounts import Checked, Role
from services.province.console.forms import read_form
from services.province.console.openapi import SECRET, TEXT, form_body, page_form, parameters
from services.province.console.password_checks import PasswordChecks
from services.province.console.request import ConsoleRequest, Province, address_of, needs, redirect
from services.province.errors import TooManyTriesError

router = APIRouter()
MAX_LOGIN_BYTES = 4 * 1024
"""Three fields; each letter of a password may take twelve bytes (UTF-8, escaped)."""
MAX_LETTERS = 400
KNOWN_BROWSER_S = 180 * 86_400
"""How long a browser is known to have logged in as somebody."""


@router.get("/login", openapi_extra=parameters(next=TEXT))
def login_form(request: Request) -> Response:
    """The form."""
    return _login_page(request, request.query_params.get("next", "/"))


@router.post("/login", openapi_extra=form_body(name=TEXT, password=SECRET, next=TEXT))
async def login(request: Request) -> Response:
    """Check name and password; a session that was there before is never taken over."""
    form = await read_form(request, max_bytes=MAX_LOGIN_BYTES)
    typed = Typed.of(request, form)
    try:
        known = await run_in_threadpool(_password_hash, typed)
        checks: PasswordChecks = request.app.state.password_checks
        checked = await checks.check(known, typed.password, typed.address)
        return await run_in_threadpool(_log_in, typed, checked)
    except TooManyTriesError as error:
        return await run_in_threadpool(_login_page, request, typed.next, typed.name, error)


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


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, where, and what their browser keeps of a log-in before."""

    http: Request
    name: str
    password: str
    next: str
    address: str
    browser: str
    now: float

    @classmethod
    def of(cls, request: Request, form: FormData) -> "Typed":
        """Of one request."""
        province: Province = request.app.state.province
        name, password, wanted = (
            str(form.get(key) or "")[:MAX_LETTERS] for key in ("name", "password", "next")
        )
        browser = request.cookies.get(_browser_cookie(province), "")[:MAX_LETTERS]
        return cls(
            request, visible(name), storable(password), wanted or "/", address_of(request),
            browser, province.now(),
        )  # fmt: skip


def _browser_cookie(province: Province) -> str:
    return "__Secure-diemcau-known" if province.settings.secure else "diemcau-known"


def _password_hash(typed: Typed) -> str:
    province: Province = typed.http.app.state.province
    with province.database.reading() as session:
        return accounts.password_hash(
            session, typed.name, typed.address, typed.now, browser=typed.browser
        )


def _log_in(typed: Typed, checked: Checked) -> Response:
    province: Province = typed.http.app.state.province
    mark = ""
    with province.database.writing() as session:
        token = accounts.log_in(
            session, typed.name, typed.password, typed.address, typed.now, browser=typed.browser,
            checked=checked,
        )  # fmt: skip
        if token:
            accounts.log_out(session, typed.http.cookies.get(province.cookie, ""))
            mark = accounts.browser_mark(session, typed.name)
        name, action = accounts.clean_name(typed.name), "log-in" if token else "log-in refused"
        audit.note(session, typed.now, name, action, address=typed.address)
    if not token:
        return _login_page(typed.http, typed.next, typed.name, wrong=True)
    answer = redirect(_local_path(typed.next))
    secure = province.settings.secure
    answer.set_cookie(
        province.cookie,
        token,
        max_age=int(accounts.MAX_SESSION_S),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    answer.set_cookie(
        _browser_cookie(province), mark, max_age=KNOWN_BROWSER_S, path="/login", secure=secure,
        httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


def _local_path(path: str) -> str:
    """`path` where it is one of ours; "//host" and "/\\host" are another host's to a browser."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else "/"


def _login_page(
    request: Request,
    wanted: str,
    name: str = "",
    problem: TooManyTriesError | None = None,
    *,
    wrong: bool = False,
) -> Response:
    province: Province = request.app.state.province
    html = province.pages.render(
        "login.html", province.now(), settings=province.settings, next=_local_path(wanted),
        name=name, wrong=wrong, problem=problem,
    )  # fmt: skip
    status = 429 if problem is not None else 401 if wrong else 200
    headers = {}
    if problem is not None:
        headers["Retry-After"] = str(int(problem.wait_s) + 1)
    return HTMLResponse(html, status, headers)
