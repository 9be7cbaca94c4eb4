"""A batch of reports from the broker into the storage: the other half of the seam in `reports`."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.province.storage.reports import Report, record_report
from services.province.storage.tables import LastReport, Site

PRESENCE = "presence"


class Stamped(Protocol):
    """When a report was made, in which boot, and which of it; see `appliance.wire`."""

    @property
    def at(self) -> float:
        """POSIX s, the site's clock."""
        ...

    @property
    def boot_id(self) -> str:
        """The boot."""
        ...

    @property
    def seq(self) -> int:
        """Growing within a boot."""
        ...


class Bearing(Protocol):
    """A report with its stamp."""

    @property
    def stamp(self) -> Stamped:
        """When and which."""
        ...


class Incoming(Protocol):
    """One report as the broker brought it."""

    @property
    def site(self) -> str:
        """Whose."""
        ...

    @property
    def kind(self) -> str:
        """The topic's last word."""
        ...

    @property
    def report(self) -> Bearing:
        """The report."""
        ...

    @property
    def received_at(self) -> float:
        """POSIX s, our clock."""
        ...

    @property
    def state(self) -> Mapping[str, Any]:
        """Its fields without the stamp's."""
        ...


def store_reports(session: Session, batch: Sequence[Incoming]) -> int:
    """Keep what is newer of `batch`; how many were. Safe to repeat.

    A report of a site that is not in the tree is passed over. Presence is ordered by the connection
    of which it speaks: the will is written when that begins, so its own ``seq`` is not the newest.
    """
    wanted = {one.site for one in batch}
    known = set(session.scalars(select(Site.id).where(Site.id.in_(wanted))))
    kept = 0
    # In one order, so that two copies of the program never wait for each other's rows.
    for one in sorted(batch, key=lambda one: (one.site, one.kind)):
        if one.site not in known:
            continue
        stamp, seq = one.report.stamp, one.report.stamp.seq
        if one.kind == PRESENCE:
            online = one.state.get("online") is True
            if not online and _other_boot(session, one.site, stamp.boot_id):
                continue  # the will of a boot that another has followed
            seq = 2 * int(one.state.get("session", 0)) + (not online)
        report = Report(stamp.at, stamp.boot_id, seq, one.state)
        kept += record_report(session, one.site, report, one.received_at, str(one.kind))
    return kept


def _other_boot(session: Session, site: str, boot_id: str) -> bool:
    known = session.scalar(
        select(LastReport.boot_id).where(LastReport.site_id == site, LastReport.kind == PRESENCE)
    )
    return known is not None and known != boot_id
