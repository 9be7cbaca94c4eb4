"""Tells of stored meetings that cannot be worked out: once in the journal, once in the audit log.

One such row was enough to end the program at each start. It is passed over now, wherever meetings
are read, and who runs the province learns which one it is.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.province.audit import note
from services.province.schedule.ical import BrokenRow
from services.province.storage.tables import AuditEntry

log = logging.getLogger("diemcau.province.schedule")

ACCOUNT, ACTION = "diemcau", "meeting passed over"
MAX_TOLD = 500
"""Rows that are remembered as told; more than that at once is a damaged database."""
_told: OrderedDict[BrokenRow, None] = OrderedDict()


def tell_broken(rows: Iterable[BrokenRow]) -> None:
    """Name each row in the journal, the first time that this program meets it."""
    for row in rows:
        if row in _told:
            continue
        _told[row] = None
        if len(_told) > MAX_TOLD:
            _told.popitem(last=False)
        log.error("meeting %s %r is passed over: %s", row.meeting_id, row.title, row.why)


def audit_broken(session: Session, rows: Iterable[BrokenRow], now: float) -> None:
    """Name each row in the audit log, once for all copies of the program and all their starts."""
    for row in rows:
        subject = f"{row.title[:150]} ({row.meeting_id})"
        known = select(AuditEntry.id).where(
            AuditEntry.action == ACTION, AuditEntry.subject == subject
        )
        if session.scalars(known.limit(1)).first() is None:
            note(session, now, ACCOUNT, ACTION, subject, why=row.why)
