"""The audit log: one line for every change that an account makes, and for log-ins."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.province.storage.tables import AuditEntry

MAX_SHOWN = 200


def note(
    session: Session,
    now: float,
    account: str,
    action: str,
    subject: str = "",
    *,
    address: str = "",
    **detail: Any,
) -> None:
    """Write one line, in the transaction of the change itself. Never a password or a token."""
    entry = AuditEntry(
        at=now,
        account=account[:60],
        action=action,
        subject=subject[:200],
        detail=_short(detail),
        address=address[:60],
    )
    session.add(entry)


def newest(session: Session, before: int | None = None) -> Sequence[AuditEntry]:
    """The newest lines, or those before one of them."""
    rows = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(MAX_SHOWN)
    if before is not None:
        rows = rows.where(AuditEntry.id < before)
    return session.scalars(rows).all()


def _short(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value[:300] if isinstance(value, str) else value for key, value in detail.items()}
