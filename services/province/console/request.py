"""One request to the console: the account, the form, and whether the account may do this.

Every page and every change goes through `needs`, which checks the session, the role, and for a
change the session's own CSRF token. `SecurityHeaders` checks of all requests that the browser says
that the form comes from this very site.
"""

import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from appliance.core.message import N_
from appliance.wire.letters import storable, visible
from services.province import accounts, audit
from services.province.accounts import LoggedIn, Role
from services.province.broker.ingest import IngestCounts
from services.province.ca.enrolment import Enrolment
from services.province.ca.hour_signer import HourSigner
from services.province.console.forms import read_form
from services.province.console.render import Pages
from services.province.errors import NotAllowedError
from services.province.passed_over import Tell, untold
from services.province.settings import Settings
from services.province.storage.database import Database

RowId = Annotated[int, Path(ge=0, le=2**31 - 1)]
"""A row's id in an address; what no database can hold is no id."""
Instance = Annotated[int, Path(ge=0, le=2**35)]
"""When an occurrence begins by its rule, in whole POSIX seconds."""


@dataclass(frozen=True, slots=True)
class Province:
    """What every request needs; one for each program."""

    settings: Settings
    database: Database
    pages: Pages
    now: Callable[[], float] = time.time
    enrolment: Enrolment | None = None
    """Issues certificates to devices; None in a copy of the program that has no broker."""
    hours: HourSigner | None = None
    """Signs the hour for boxes without a time server; None in a copy without the authority."""
    ingest_counts: IngestCounts | None = None
    """Of this copy's broker; None where it has none."""
    tell: Tell = untold
    """Told of what is passed over."""

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; ``__Host-`` binds it to this host and to TLS."""
        return "__Host-diemcau" if self.settings.secure else "diemcau"


class NotLoggedInError(Exception):
    """Nobody is logged in."""


@dataclass(frozen=True, slots=True)
class ConsoleRequest:
    """A request that the account may make; `http` is Starlette's own."""

    http: Request
    province: Province
    who: LoggedIn
    form: FormData
    now: float

    @property
    def database(self) -> Database:
        """Where everything is kept."""
        return self.province.database

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return address_of(self.http)

    def field(self, name: str) -> str:
        """A field of the form, "" where it is not there or is a file."""
        value = self.form.get(name, "")
        return visible(value).strip() if isinstance(value, str) else ""

    def secret(self, name: str) -> str:
        """A password of the form: as `field`, but spaces around it belong to it."""
        value = self.form.get(name, "")
        return storable(value) if isinstance(value, str) else ""

    def fields(self, name: str) -> list[str]:
        """All values of a field that may be there more than once."""
        return [visible(value) for value in self.form.getlist(name) if isinstance(value, str)]

    def file(self, name: str) -> UploadFile | None:
        """An uploaded file; its name is for people only and never a path here."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def note(self, session: Any, action: str, subject: str = "", **detail: Any) -> None:
        """Write a line of the audit log in the same transaction."""
        audit.note(
            session, self.now, self.who.name, action, subject, address=self.address, **detail
        )

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page for this account."""
        html = self.html(template, **values)
        return HTMLResponse(html, status)

    def html(self, template: str, **values: Any) -> str:
        """The same as text."""
        return self.province.pages.render(
            template, self.now, who=self.who, settings=self.province.settings,
            path=self.http.url.path, **values,
        )  # fmt: skip


def needs(role: Role, *, files: bool = False) -> Callable[[Request], Awaitable[ConsoleRequest]]:
    """A dependency that lets an account pass that has at least `role`; with `files` the form of the
    page may bring one."""

    async def authorize(request: Request) -> ConsoleRequest:
        province: Province = request.app.state.province
        now = province.now()
        who = await run_in_threadpool(_who, province, request, now)
        if who is None:
            raise NotLoggedInError
        if not who.role.may(role):
            raise NotAllowedError(N_("Your account may not do this."))
        form = FormData()
        if request.method not in ("GET", "HEAD"):
            form = await read_form(request, files=files)
            given = form.get("csrf")
            if not isinstance(given, str) or not hmac.compare_digest(
                given.encode(), who.csrf.encode()
            ):
                raise NotAllowedError(N_("The form is too old. Open the page again."))
        return ConsoleRequest(request, province, who, form, now)

    return authorize


def address_of(request: Request) -> str:
    """The peer's address; behind a proxy uvicorn has put in whom it speaks for."""
    return request.client.host if request.client is not None else ""


def redirect(path: str) -> Response:
    """Send the browser on after a change."""
    return RedirectResponse(path, 303)


def _who(province: Province, request: Request, now: float) -> LoggedIn | None:
    token = request.cookies.get(province.cookie, "")
    if not token:
        return None
    with province.database.reading() as session:
        who = accounts.whose(session, token, now)
        stale = who is not None and accounts.stale(session, token, now)
    if stale:
        with province.database.writing() as session:
            accounts.seen(session, token, now)
    return who
