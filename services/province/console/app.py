"""The program as one ASGI application."""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.staticfiles import StaticFiles

from appliance.core.message import N_
from services.province.ca.ledger import LedgerError
from services.province.ca.routes import enrolment_routes
from services.province.console import live, login
from services.province.console.openapi import ENROL_ANSWER, ENROLMENT, PAGE
from services.province.console.pages import (
    accounts,
    alarms,
    devices,
    feeds,
    floor,
    groups,
    heads,
    hour,
    imports,
    labels,
    meetings,
    metrics,
    occurrences,
    overview,
    own_account,
    passed_over,
    sites,
)
from services.province.console.password_checks import PasswordChecks
from services.province.console.request import NotLoggedInError, Province
from services.province.console.security import SecurityHeaders
from services.province.errors import (
    NotAllowedError,
    NotFoundError,
    ProvinceError,
    TooLargeError,
    TooManyTriesError,
)

PAGES = (
    login,
    overview,
    alarms,
    sites,
    meetings,
    occurrences,
    groups,
    accounts,
    own_account,
    devices,
    floor,
    heads,
    imports,
    labels,
    live,
    passed_over,
)
MACHINES = (feeds, hour, metrics)
log = logging.getLogger("diemcau.province")
STATIC = Path(__file__).parent / "static"
STATUS: dict[type[ProvinceError], int] = {
    NotFoundError: 404,
    NotAllowedError: 403,
    TooManyTriesError: 429,
    TooLargeError: 413,
}


class Application(FastAPI):
    """FastAPI; its OpenAPI has the two addresses of devices too, which are routes of Starlette."""

    def openapi(self) -> dict[str, Any]:
        """What each address takes and how it answers."""
        schema = super().openapi()
        if self.state.province.enrolment is not None:
            schema["paths"] |= ENROLMENT
            parts = schema.setdefault("components", {}).setdefault("schemas", {})
            parts["EnrolAnswer"] = ENROL_ANSWER
        return schema


def application(province: Province) -> FastAPI:
    """The application for one province; its tables must have been migrated."""
    app = Application(title="Điểm Cầu province", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.province = province
    app.state.streams = live.Streams()
    app.state.password_checks = PasswordChecks()
    app.state.hour_bounds = hour.HourBounds()
    app.state.head_bounds = heads.HeadBounds()
    for page in PAGES:
        app.include_router(page.router, responses=PAGE, default_response_class=HTMLResponse)
    for machine in MACHINES:
        app.include_router(machine.router)
    if province.enrolment is not None:
        app.router.routes += enrolment_routes(province.enrolment, province.now)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(ProvinceError, _province_error)
    app.add_exception_handler(DBAPIError, _no_database)
    app.add_exception_handler(LedgerError, _no_ledger)
    app.add_exception_handler(NotLoggedInError, _not_logged_in)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_middleware(SecurityHeaders, secure=province.settings.secure)
    return app


async def _province_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProvinceError)  # noqa: S101 - registered for these alone
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    headers = {}
    if isinstance(error, TooManyTriesError):
        headers["Retry-After"] = str(int(error.wait_s) + 1)
    return _page(request, status, error.message, headers, **error.values)


async def _no_database(request: Request, error: Exception) -> Response:
    log.warning("database: %s", getattr(error, "orig", error))
    message = N_("The database is away. Try again in a moment.")
    return _page(request, 503, message, {"Retry-After": "5"})


async def _no_ledger(request: Request, error: Exception) -> Response:
    log.error("%s", error)
    message = N_(
        "A file of the devices' certificates cannot be read or written. The program's log names it."
    )
    return _page(request, 503, message, {})


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = N_("There is no such page.") if status == 404 else N_("This cannot be done so.")
    return _page(request, status, message, {})


async def _invalid_request(request: Request, error: Exception) -> Response:
    return _page(request, 400, N_("This cannot be done so."), {})


async def _gone(request: Request, error: Exception) -> Response:
    """Whoever closes the connection within a form reads no answer, and is no error of ours."""
    return PlainTextResponse("", 400)


async def _not_logged_in(request: Request, error: Exception) -> Response:
    if request.method != "GET" or request.url.path.startswith("/live/"):
        return PlainTextResponse("log in first", 401)
    wanted = f"{request.url.path}?{request.url.query}".rstrip("?")
    return RedirectResponse(f"/login?next={quote(wanted)}", 303)


def _page(
    request: Request, status: int, message: str, headers: dict[str, str], **values: str
) -> Response:
    province: Province = request.app.state.province
    html = province.pages.render(
        "wrong.html", province.now(), message=message, values=values, settings=province.settings
    )
    return HTMLResponse(html, status, headers)
