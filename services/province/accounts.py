"""Accounts, roles and sessions; wrong passwords are counted and limit the rate of tries.

A password costs its check a fortieth of a second: the program checks it before it writes, and hands
the result in (`Checked`), for a transaction of SQLite keeps all other writers waiting.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import argon2
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from appliance.core.message import N_
from services.province.bounds import origin
from services.province.errors import NotFoundError, TooManyTriesError, WrongInputError
from services.province.storage.tables import Account, LogIn, WrongPassword

MAX_IDLE_S = 12 * 3600.0
"""A working day without a click."""
MAX_SESSION_S = 7 * 24 * 3600.0
SEEN_INTERVAL_S = 60.0
"""A session's last use is written no more often."""
MIN_PASSWORD_LETTERS, MAX_PASSWORD_LETTERS = 10, 200
WINDOW_S = 15 * 60.0
MAX_TRIES = {"pair": 5, "name": 30, "from": 50, "known": 10}
"""Wrong passwords within `WINDOW_S`: for a name from one address, for a name, from an address; and
for a name in a browser that has logged in with it before, for which the others do not count.

A name alone bears more, or anybody could lock the chair out.
"""
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's first choice for argon2id: at 19 MiB a few log-ins at once fit on a small server."""


class Role(StrEnum):
    """Each may do what the one before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    CHAIR = "chair"
    ADMINISTRATOR = "administrator"

    def may(self, needed: "Role") -> bool:
        """Whether this role is enough where `needed` is."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who is logged in, by which session; ``csrf`` must come back with every form."""

    account_id: int
    name: str
    role: Role
    csrf: str


def add_account(session: Session, name: str, password: str, role: Role, now: float) -> Account:
    """A new account; raises `WrongInputError`."""
    name = clean_name(name)
    if not name or len(name) > 60 or not name.isprintable():
        raise WrongInputError(N_("An account's name has 1 to 60 letters."), "name")
    if session.scalar(select(Account.id).where(Account.name == name)) is not None:
        raise WrongInputError(N_("There is an account “{value}” already."), "name", value=name)
    account = Account(name=name, password=hashed(password), role=role, created_at=now)
    session.add(account)
    session.flush()
    return account


def clean_name(name: str) -> str:
    """The name as it is kept: small letters, no spaces around."""
    return " ".join(name.casefold().split())


def hashed(password: str) -> str:
    """argon2id of a password that may be one; raises `WrongInputError`."""
    if not MIN_PASSWORD_LETTERS <= len(password) <= MAX_PASSWORD_LETTERS:
        raise WrongInputError(
            N_("A password has {least} to {most} letters."),
            "password",
            least=MIN_PASSWORD_LETTERS,
            most=MAX_PASSWORD_LETTERS,
        )
    return _HASHER.hash(password)


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a password is that of the account whose hash `known` is."""

    known: str
    right: bool

    @classmethod
    def of(cls, known: str, password: str) -> "Checked":
        """Takes a fortieth of a second and 19 MiB."""
        return cls(known, _verified(known, password))


def password_hash(
    session: Session, name: str, address: str, now: float, *, browser: str = ""
) -> str:
    """What a password for `name` is to be checked with; a name that is not there has one, too.

    Raises `TooManyTriesError`, as `log_in` does.
    """
    account = _account(session, name)
    _rate_limit(session, _keys(account, clean_name(name)[:60], address, browser), now)
    return account.password if account is not None else _no_password()


def log_in(
    session: Session,
    name: str,
    password: str,
    address: str,
    now: float,
    *,
    browser: str = "",
    checked: Checked | None = None,
) -> str:
    """The token of a new session; "" for a wrong name or password.

    Raises `TooManyTriesError` before the password is even looked at. A name that is not there takes
    as long as one that is. The caller commits also after "": the wrong try is counted by it.
    `browser` is what `browser_mark` gave it; `checked` is of the hash that `password_hash` gave,
    and is made anew where the account has another by now.
    """
    account = _account(session, name)
    keys = _keys(account, clean_name(name)[:60], address, browser)
    _rate_limit(session, keys, now)
    known = account.password if account is not None else _no_password()
    if checked is None or checked.known != known:
        checked = Checked.of(known, password)
    if account is None or account.disabled or not checked.right:
        session.add_all(WrongPassword(key=key, at=now) for key in keys.values())
        return ""
    if _HASHER.check_needs_rehash(account.password):
        account.password = _HASHER.hash(password)
    forgiven = [key for kind, key in keys.items() if kind in ("pair", "known")]
    session.execute(delete(WrongPassword).where(WrongPassword.key.in_(forgiven)))
    session.execute(delete(WrongPassword).where(WrongPassword.at < now - WINDOW_S))
    session.execute(delete(LogIn).where(LogIn.created_at < now - MAX_SESSION_S))
    token = secrets.token_urlsafe(32)
    row = LogIn(
        token_hash=_digest(token),
        account_id=account.id,
        csrf=secrets.token_urlsafe(24),
        created_at=now,
        seen_at=now,
    )
    session.add(row)
    return token


def browser_mark(session: Session, name: str) -> str:
    """What a browser keeps that has logged in as `name`; another password makes it void."""
    account = _account(session, name)
    return _mark(account) if account is not None else ""


def whose(session: Session, token: str, now: float) -> LoggedIn | None:
    """Who is logged in by `token`; None where nobody is (any more)."""
    found = session.execute(
        select(LogIn, Account)
        .join(Account, Account.id == LogIn.account_id)
        .where(LogIn.token_hash == _digest(token))
    ).one_or_none()
    if found is None:
        return None
    row, account = found
    over = now - row.seen_at > MAX_IDLE_S or now - row.created_at > MAX_SESSION_S
    if over or account.disabled:
        return None
    return LoggedIn(account.id, account.name, Role(account.role), row.csrf)


def seen(session: Session, token: str, now: float) -> None:
    """The session was used."""
    row = session.get(LogIn, _digest(token))
    if row is not None:
        row.seen_at = now


def stale(session: Session, token: str, now: float) -> bool:
    """Whether `seen` is to be written again."""
    at = session.scalar(select(LogIn.seen_at).where(LogIn.token_hash == _digest(token)))
    return at is not None and now - at > SEEN_INTERVAL_S


def log_out(session: Session, token: str) -> None:
    """End this session."""
    session.execute(delete(LogIn).where(LogIn.token_hash == _digest(token)))


def change(
    session: Session,
    account_id: int,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    password: str = "",
) -> Account:
    """Change an account; ends its sessions. One administrator must always be left."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFoundError(N_("There is no account {value}."), value=account_id)
    if role is not None:
        account.role = role
    if disabled is not None:
        account.disabled = disabled
    if password:
        account.password = hashed(password)
    session.flush()
    left = session.scalar(
        select(func.count())
        .select_from(Account)
        .where(Account.role == Role.ADMINISTRATOR, Account.disabled.is_(False))
    )
    if not left:
        raise WrongInputError(N_("One administrator must be left."), "role")
    session.execute(delete(LogIn).where(LogIn.account_id == account_id))
    return account


def own_hash(session: Session, token: str, address: str, now: float) -> str:
    """What the old password is to be checked with; raises as `change_own` does."""
    who = whose(session, token, now)
    if who is None:
        raise NotFoundError(N_("There is no account {value}."), value="")
    _rate_limit(session, _keys(None, who.name, address, ""), now)
    return session.get_one(Account, who.account_id).password


def change_own(
    session: Session,
    token: str,
    old: str,
    new: str,
    address: str,
    now: float,
    *,
    checked: Checked | None = None,
) -> bool:
    """Another password for whoever is logged in by `token`; ends their other sessions.

    False for a wrong old one, which is counted like one at the login: the caller commits also then.
    Raises `TooManyTriesError` before either password is looked at, and `WrongInputError` for a new
    one that may not be one.
    """
    who = whose(session, token, now)
    if who is None:
        raise NotFoundError(N_("There is no account {value}."), value="")
    keys = _keys(None, who.name, address, "")
    _rate_limit(session, keys, now)
    account = session.get_one(Account, who.account_id, with_for_update=True)
    if checked is None or checked.known != account.password:
        checked = Checked.of(account.password, old)
    if not checked.right:
        session.add_all(WrongPassword(key=key, at=now) for key in keys.values())
        return False
    if old == new:
        raise WrongInputError(N_("The new password is the old one."), "password")
    account.password = hashed(new)
    session.execute(delete(WrongPassword).where(WrongPassword.key == keys["pair"]))
    others = (LogIn.account_id == account.id) & (LogIn.token_hash != _digest(token))
    session.execute(delete(LogIn).where(others))
    return True


def _account(session: Session, name: str) -> Account | None:
    wanted = select(Account).where(Account.name == clean_name(name)[:60])
    return session.scalars(wanted).one_or_none()


def _mark(account: Account) -> str:
    # The hash of the password is secret and this account's own.
    words = f"known browser 1|{account.id}".encode()
    return hmac.new(account.password.encode(), words, hashlib.sha256).hexdigest()


def _keys(account: Account | None, name: str, address: str, browser: str) -> dict[str, str]:
    """The keys under which a wrong password would be counted.

    A browser that is known from a log-in before has a count of its own (OWASP's device cookie):
    whoever guesses from elsewhere, or from the same address, does not shut out its owner.
    """
    if (
        account is not None
        and browser
        and hmac.compare_digest(browser.encode(), _mark(account).encode())
    ):
        return {"known": f"known:{name}"}
    where = origin(address)
    return {"pair": f"pair:{name}|{where}", "name": f"name:{name}", "from": f"from:{where}"}


def _rate_limit(session: Session, keys: dict[str, str], now: float) -> None:
    """Raises `TooManyTriesError`."""
    wait_s = max(_wait(session, key, MAX_TRIES[kind], now) for kind, key in keys.items())
    if wait_s > 0:
        raise TooManyTriesError(
            N_("Too many wrong passwords. Try again in {minutes} minutes."), wait_s
        )


def _wait(session: Session, key: str, most: int, now: float) -> float:
    recent = session.scalars(
        select(WrongPassword.at)
        .where(WrongPassword.key == key, WrongPassword.at > now - WINDOW_S)
        .order_by(WrongPassword.at.desc())
        .limit(most)
    ).all()
    return recent[-1] + WINDOW_S - now if len(recent) >= most else 0.0


def _verified(known: str, password: str) -> bool:
    if len(password) > MAX_PASSWORD_LETTERS:
        return False
    try:
        return _HASHER.verify(known, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _no_password() -> str:
    return _HASHER.hash(secrets.token_urlsafe(24))
