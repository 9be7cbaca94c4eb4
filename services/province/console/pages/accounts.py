"""Accounts and the audit log: for administrators; one's own password: for everybody."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import select

from appliance.core.message import N_
from services.province import accounts, audit
from services.province.accounts import Role
from services.province.console.openapi import ROLE, SECRET, TEXT, TICK, asks, sent
from services.province.console.request import ConsoleRequest, Number, needs, to
from services.province.errors import WrongInputError
from services.province.storage.tables import Account

router = APIRouter()
Viewer = Annotated[ConsoleRequest, Depends(needs(Role.VIEWER))]
Administrator = Annotated[ConsoleRequest, Depends(needs(Role.ADMINISTRATOR))]


@router.get("/accounts")
def listed(asked: Administrator) -> Response:
    """All accounts."""
    return _accounts(asked)


@router.post("/accounts", openapi_extra=sent(name=TEXT, password=SECRET, role=ROLE))
def new(asked: Administrator) -> Response:
    """A new account."""
    try:
        with asked.database.writing() as session:
            account = accounts.add_account(
                session, asked.field("name"), asked.secret("password"), _role(asked), asked.now
            )
            asked.note(session, "account added", account.name, role=account.role)
    except WrongInputError as error:
        return _accounts(asked, error)
    return to("/accounts")


@router.post("/accounts/{number}", openapi_extra=sent(role=ROLE, disabled=TICK, password=SECRET))
def change(asked: Administrator, number: Number) -> Response:
    """Another role, another password, closed or opened again; ends its sessions."""
    try:
        with asked.database.writing() as session:
            account = accounts.change(
                session, number, role=_role(asked), disabled=asked.field("disabled") == "yes",
                password=asked.secret("password"),
            )  # fmt: skip
            asked.note(
                session, "account changed", account.name, role=account.role,
                disabled=account.disabled, password=bool(asked.secret("password")),
            )  # fmt: skip
    except WrongInputError as error:
        return _accounts(asked, error)
    return to("/accounts")


@router.get("/audit", openapi_extra=asks(before=TEXT))
def log(asked: Administrator) -> Response:
    """Who did what, the newest first."""
    before = asked.request.query_params.get("before", "")
    first = int(before) if before.isdecimal() and len(before) < 16 else None
    with asked.database.reading() as session:
        return asked.page("audit.html", entries=audit.newest(session, first), first=first)


def _role(asked: ConsoleRequest) -> Role:
    try:
        return Role(asked.field("role"))
    except ValueError:
        raise WrongInputError(N_("There is no such role."), "role") from None


def _accounts(asked: ConsoleRequest, wrong: WrongInputError | None = None) -> Response:
    with asked.database.reading() as session:
        known = session.scalars(select(Account).order_by(Account.name)).all()
        return asked.page("accounts.html", 400 if wrong else 200, accounts=known, wrong=wrong)
