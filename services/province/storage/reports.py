"""The last report of each kind from each site: written by the ingest, read by everything else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, and_, bindparam, case, cast, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.province.storage.tables import LastReport

KEPT = ("site_id", "kind", "at", "boot_id", "seq", "state", "received_at")


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its time by the site's clock, its boot, its number in that boot, its fields."""

    at: float
    boot_id: str
    seq: int
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A `report` of a site under its `kind`, the topic's last word: ``health``, ``presence``,
    ``meeting``, ``hand``; `received_at` by the province's clock.

    Only an entry that `begins` may be the first of a new boot: a will may belong to a boot that is
    over.
    """

    site: str
    kind: str
    report: Report
    received_at: float
    begins: bool = True


def record_report(
    session: Session, site: str, report: Report, now: float, kind: str = "health"
) -> bool:
    """Keep `report` as the newest of its `kind` from `site`; False where it is not newer.

    Raises `sqlalchemy.exc.IntegrityError` for a site that is not known.
    """
    statement = _upsert(session.get_bind().dialect.name).returning(LastReport.seq)
    values = _values(Entry(site, kind, report, now))
    return session.connection().execute(statement, values).first() is not None


def record_reports(session: Session, entries: Iterable[Entry]) -> None:
    """The same for many, in their order and in one round trip where the driver can (psycopg's
    pipeline); what is not newer changes nothing."""
    if values := [_values(entry) for entry in entries]:
        session.connection().execute(_upsert(session.get_bind().dialect.name), values)


def alarms_column() -> ColumnElement[Any]:
    """Of a report's fields the alarms alone, a list: to read a site's figures, a thousand times,
    takes longer than all the rest. `listed_alarms` reads it.

    It is all of the fields where one may hold half a letter or a zero byte, as a former release
    kept them: on those PostgreSQL's own reading of JSON fails, and with it the page of all sites.
    """
    kept = cast(LastReport.state, Text)
    odd = or_(*(kept.contains(escape, autoescape=True) for escape in (r"\u0000", r"\ud", r"\uD")))
    return case((odd, LastReport.state), else_=LastReport.state["alarms"])


def listed_alarms(found: Any) -> list[Any]:
    """What `alarms_column` gave, as a list; empty where a row holds no such thing."""
    listed = found.get("alarms") if isinstance(found, dict) else found
    return listed if isinstance(listed, list) else []


def fields_of(state: Any) -> Mapping[str, Any]:
    """A stored report's fields; none where the row holds no object."""
    return state if isinstance(state, dict) else {}


def _values(entry: Entry) -> dict[str, Any]:
    report = entry.report
    kept = (
        entry.site, entry.kind, report.at, report.boot_id, report.seq, dict(report.state),
        entry.received_at,
    )  # fmt: skip
    return dict(zip(KEPT, kept, strict=True)) | {"begins": entry.begins}


@cache
def _upsert(dialect: str) -> postgresql.Insert | sqlite.Insert:
    """One statement, so copies need not agree on anything; made once, for making it costs more than
    the database takes to do it.

    Of one boot the higher ``seq`` is newer, whatever the clocks say: a Raspberry Pi has none until
    the network gives it one. A boot that was followed by another never speaks again (that is a will
    or a retained message that came late).
    """
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    types = LastReport.__table__.c
    new = insert(LastReport).values(
        {name: bindparam(name, type_=types[name].type) for name in KEPT} | {"previous_boot": ""}
    )
    come = new.excluded
    same_boot = come.boot_id == LastReport.boot_id
    begins = bindparam("begins", type_=Boolean())
    return new.on_conflict_do_update(
        index_elements=[LastReport.site_id, LastReport.kind],
        set_={
            "at": come.at,
            "boot_id": come.boot_id,
            "previous_boot": case((same_boot, LastReport.previous_boot), else_=LastReport.boot_id),
            "seq": come.seq,
            "state": come.state,
            "received_at": come.received_at,
        },
        where=or_(
            and_(same_boot, come.seq > LastReport.seq),
            and_(~same_boot, begins, come.boot_id != LastReport.previous_boot),
        ),
    )
