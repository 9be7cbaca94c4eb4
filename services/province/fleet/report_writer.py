"""Writes the sites' reports into the database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from appliance.base.texts import LOCALES
from appliance.wire.report import Health, Presence
from services.province import audit
from services.province.bounds import Buckets
from services.province.broker.batch_writer import Incoming, Store, UnstorableError
from services.province.fleet.readiness import IDENTITY
from services.province.history.episodes import MAX_ALARMS
from services.province.history.recording import new_budget, record
from services.province.passed_over import Part, Tell, untold
from services.province.storage.database import Database
from services.province.storage.reports import Entry, Report, record_report, record_reports
from services.province.storage.tables import Site


def write_reports(database: Database, tell: Tell = untold) -> Store:
    """A `Store` that keeps each report as the newest of its kind; unknown sites are passed over.

    Raises `UnstorableError` where the database takes the report itself for wrong.
    """
    budget = new_budget()

    def store(batch: Sequence[Incoming]) -> None:
        try:
            with database.writing() as session:
                left_out = _write(session, batch, budget)
        except (StatementError, ValueError, TypeError, OverflowError, RecursionError) as error:
            of_the_data = isinstance(error, DataError | IntegrityError)
            if isinstance(error, DBAPIError) and not of_the_data:
                raise  # the database's own; it is waited for
            raise UnstorableError(str(getattr(error, "orig", error))[:300]) from error
        for site, rows in left_out.items():
            tell(Part.FLOOD, site, f"{rows} alarms or starts beyond what is kept of one site")

    return store


def _write(session: Session, batch: Sequence[Incoming], budget: Buckets) -> Mapping[str, int]:
    reporting = {one.site for one in batch}
    known = set(session.scalars(select(Site.id).where(Site.id.in_(reporting))))
    left_out = record(session, [one for one in batch if one.site in known], budget)
    # In one order, so that two copies of the program never wait for each other's rows.
    ordered = sorted(batch, key=lambda one: (one.site, one.kind))
    record_reports(session, [_entry(one) for one in ordered if one.site in known])
    return left_out


def _entry(one: Incoming) -> Entry:
    report_id, seq, begins = one.report.id, one.report.id.seq, True
    if isinstance(one.report, Presence):
        # The will was written when its connection was made and bears that moment's id: presence
        # is ordered by the connection of which it speaks (see `Presence.after`).
        seq = 2 * one.report.session + (not one.report.online)
        begins = one.report.online  # a will of a boot that another has followed is ignored
    state = dict(one.state)
    if isinstance(one.report, Health):  # each page of all sites reads them
        shown = [replace(alarm, text=_shown(alarm.text), remedy=_shown(alarm.remedy)).values
                 for alarm in one.report.alarms[:MAX_ALARMS]]  # fmt: skip
        state["alarms"] = shown
    report = Report(report_id.at, report_id.boot_id, seq, state)
    return Entry(one.site, one.kind, report, one.received_at, begins)


def _shown(texts: Mapping[str, str]) -> Mapping[str, str]:
    return {locale: texts[locale] for locale in LOCALES if locale in texts}


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
