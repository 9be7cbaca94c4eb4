"""Writes the sites' reports into the database."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from appliance.wire.report import Presence
from services.province import audit
from services.province.broker.ingest import Incoming, Store
from services.province.fleet.readiness import IDENTITY
from services.province.history.recording import record
from services.province.storage.database import Database
from services.province.storage.reports import Entry, Report, record_report, record_reports
from services.province.storage.tables import Site


def write_reports(database: Database) -> Store:
    """A `Store` that keeps each report as the newest of its kind; unknown sites are passed over."""

    def store(batch: Sequence[Incoming]) -> None:
        with database.writing() as session:
            reporting = {one.site for one in batch}
            known = set(session.scalars(select(Site.id).where(Site.id.in_(reporting))))
            record(session, [one for one in batch if one.site in known])
            # In one order, so that two copies of the program never wait for each other's rows.
            ordered = sorted(batch, key=lambda one: (one.site, one.kind))
            record_reports(session, [_entry(one) for one in ordered if one.site in known])

    return store


def _entry(one: Incoming) -> Entry:
    report_id, seq, begins = one.report.id, one.report.id.seq, True
    if isinstance(one.report, Presence):
        # The will was written when its connection was made and bears that moment's id: presence
        # is ordered by the connection of which it speaks (see `Presence.after`).
        seq = 2 * one.report.session + (not one.report.online)
        begins = one.report.online  # a will of a boot that another has followed is ignored
    report = Report(report_id.at, report_id.boot_id, seq, one.state)
    return Entry(one.site, one.kind, report, one.received_at, begins)


def write_copied_identity(
    database: Database, now: Callable[[], float]
) -> Callable[[str, str], None]:
    """An alarm that records a copied identity: on the site's page and in the audit log."""

    def alarm(site: str, reason: str) -> None:
        at = now()
        with database.writing() as session:
            audit.note(session, at, "", "identity copied", site, reason=reason)
            if session.get(Site, site) is not None:
                report = Report(at, "", int(at * 1000), {"reason": reason})
                record_report(session, site, report, at, IDENTITY)

    return alarm
