"""What the sites say, from the broker's line into the database."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from services.province import audit
from services.province.broker.ingest import Incoming, Store
from services.province.readiness import IDENTITY
from services.province.storage.database import Database
from services.province.storage.reports import Report, record_report
from services.province.storage.tables import Site


def storing(database: Database) -> Store:
    """Keeps each report as the newest of its kind; one of no known site is passed over."""

    def store(batch: Sequence[Incoming]) -> None:
        with database.writing() as session:
            said = {one.site for one in batch}
            known = set(session.scalars(select(Site.id).where(Site.id.in_(said))))
            for one in batch:
                if one.site in known:
                    stamp = one.report.stamp
                    report = Report(stamp.at, stamp.boot_id, stamp.seq, one.state)
                    record_report(session, one.site, report, one.received_at, one.kind)

    return store


def alarming(database: Database, now: Callable[[], float]) -> Callable[[str, str], None]:
    """Writes down that a site's identity was copied: on its page, and for good in the audit log."""

    def alarm(site: str, reason: str) -> None:
        at = now()
        with database.writing() as session:
            audit.note(session, at, "", "identity copied", site, reason=reason)
            if session.get(Site, site) is not None:
                report = Report(at, "", int(at * 1000), {"reason": reason})
                record_report(session, site, report, at, IDENTITY)

    return alarm
