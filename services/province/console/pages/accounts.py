"""Accounts and the audit log, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select

from appliance.core.message import N_
from services.province import accounts, audit
from services.province.accounts import Role
from services.province.console.openapi import ROLE, SECRET, TEXT, TICK, page_form, parameters
from services.province.console.request import ConsoleRequest, RowId, needs, redirect
from services.province.errors import WrongInputError
from services.province.storage.tables import Account

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Administrator = Annotated[ConsoleRequest, Depends(needs(Role.ADMINISTRATOR))]


@router.get("/accounts")
def listed(request: Administrator) -> Response:
    """All accounts."""
    return _accounts(request)


@router.post("/accounts", openapi_extra=page_form(name=TEXT, password=SECRET, role=ROLE))
def new(request: Administrator) -> Response:
    """Add an account."""
    try:
        with request.database.writing() as session:
            account = accounts.add_account(
                session, request.field("name"), request.secret("password"), _role(request),
                request.now,
            )  # fmt: skip
            request.note(session, "account added", account.name, role=account.role)
    except WrongInputError as error:
        return _accounts(request, error)
    return redirect("/accounts")


@router.post(
    "/accounts/{account_id}", openapi_extra=page_form(role=ROLE, disabled=TICK, password=SECRET)
)
def change(request: Administrator, account_id: RowId) -> Response:
    """Change role or password, close or open it again; ends its sessions."""
    try:
        with request.database.writing() as session:
            account = accounts.change(
                session, account_id, role=_role(request),
                disabled=request.field("disabled") == "yes",
                password=request.secret("password"),
            )  # fmt: skip
            request.note(
                session, "account changed", account.name, role=account.role,
                disabled=account.disabled, password=bool(request.secret("password")),
            )  # fmt: skip
    except WrongInputError as error:
        return _accounts(request, error)
    return redirect("/accounts")


@router.get("/audit", openapi_extra=parameters(before=TEXT))
def log(request: Administrator) -> Response:
    """The audit log, the newest first."""
    before = request.http.query_params.get("before", "")
    first = int(before) if before.isdecimal() and len(before) < 16 else None
    with request.database.reading() as session:
        return request.page("audit.html", entries=audit.newest(session, first), first=first)


def _role(request: ConsoleRequest) -> Role:
    try:
        return Role(request.field("role"))
    except ValueError:
        raise WrongInputError(N_("There is no such role."), "role") from None


def _accounts(request: ConsoleRequest, wrong: WrongInputError | None = None) -> Response:
    with request.database.reading() as session:
        known = session.scalars(select(Account).order_by(Account.name)).all()
        return request.page("accounts.html", 400 if wrong else 200, accounts=known, wrong=wrong)
