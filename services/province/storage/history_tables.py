"""The tables of history, and how long their rows are kept; ``docs/growth.md`` has their sizes.

They are written with each batch of reports. Minutes and hours are in partitions by time (see
`partitions`). They have no foreign key to the sites: PostgreSQL would lock a site's row for each
minute that is written.
"""

from typing import Any

from sqlalchemy import REAL, BigInteger, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.province.storage.partitions import by_day, by_month
from services.province.storage.tables import Base

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
SLOT_S = 300
"""The unit of being heard: of the reports of five minutes one may be late or lost."""
KEEP_MINUTES_S = 3 * DAY_S
"""Whole days of minutes before today's; longer than what a site can keep while its line is away."""
KEEP_HOURS_S = 92 * DAY_S
"""A quarter of a year; whole months, so up to one more."""
KEEP_EVENTS_S = 92 * DAY_S
"""Alarms that are over, starts and self-tests."""

Figure: REAL[float] = REAL()
"""Four bytes: seven digits of a temperature are enough."""


class Minute(Base):
    """The first health report of a minute from a site, by the site's own clock."""

    __tablename__ = "minutes"
    __table_args__ = {"postgresql_partition_by": "RANGE (at)"}  # noqa: RUF012

    site_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # a multiple of 60
    late: Mapped[bool]  # kept at the site while its line was away
    soc_c: Mapped[float | None] = mapped_column(Figure)
    loss_percent: Mapped[float | None] = mapped_column(Figure)
    rtt_ms: Mapped[float | None] = mapped_column(Figure)


class Hour(Base):
    """What is kept of an hour's minutes when their partition is dropped: counts of its twelve slots
    of five minutes, and the worst minute's figures."""

    __tablename__ = "hours"
    __table_args__ = {"postgresql_partition_by": "RANGE (at)"}  # noqa: RUF012

    site_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # a multiple of 3600
    heard: Mapped[int] = mapped_column(SmallInteger)  # slots with a report that came at once
    late: Mapped[int] = mapped_column(SmallInteger)  # slots with late ones alone
    soc_c: Mapped[float | None] = mapped_column(Figure)
    loss_percent: Mapped[float | None] = mapped_column(Figure)
    rtt_ms: Mapped[float | None] = mapped_column(Figure)


class AlarmEpisode(Base):
    """One alarm of one site from its begin to its end; ``ended_at`` is None while it is active."""

    __tablename__ = "alarm_episodes"
    __table_args__ = (Index("ix_alarm_episodes_site_ended", "site_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(10))
    severity: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[dict[str, Any]]  # by locale, in the site's own words
    detail: Mapped[str] = mapped_column(String(200))  # as it was measured at the begin
    began_at: Mapped[float]
    ended_at: Mapped[float | None] = mapped_column(index=True)
    helper: Mapped[str] = mapped_column(String(60), default="")  # who saw to it when it ended


class SiteEvent(Base):
    """A single event: a start of the box (``name`` is the boot) or a self-test (its time)."""

    __tablename__ = "site_events"

    site_id: Mapped[str] = mapped_column(
        ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[float] = mapped_column(index=True)
    detail: Mapped[str] = mapped_column(String(200))


MINUTES = by_day("minutes")
HOURS = by_month("hours")
