"""The sites' last reports: the seam between what comes in from the broker and everything else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.province.storage.tables import LastReport


@dataclass(frozen=True, slots=True)
class Report:
    """What a site said: at its own clock, in which boot, as the how-manieth of that boot."""

    at: float
    boot_id: str
    seq: int
    state: Mapping[str, Any]


def record_report(
    session: Session, site: str, report: Report, now: float, kind: str = "health"
) -> bool:
    """Keep `report` as the newest of its `kind` from `site`; False where it is not newer.

    Of one boot the higher ``seq`` is newer, whatever the clocks say: a Raspberry Pi has none until
    the network gives it one. A boot that was followed by another never speaks again (that is a will
    or a retained message that came late). `kind` is the topic's last word: ``health``,
    ``presence``, ``meeting``, ``hand``. One statement, so copies need not agree on anything.

    Raises `sqlalchemy.exc.IntegrityError` for a site that is not known.
    """
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    new = insert(LastReport).values(
        site_id=site,
        kind=kind,
        at=report.at,
        boot_id=report.boot_id,
        previous_boot="",
        seq=report.seq,
        state=dict(report.state),
        received_at=now,
    )
    come = new.excluded
    same_boot = come.boot_id == LastReport.boot_id
    upsert = new.on_conflict_do_update(
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
            and_(~same_boot, come.boot_id != LastReport.previous_boot),
        ),
    ).returning(LastReport.seq)
    return session.execute(upsert).first() is not None
