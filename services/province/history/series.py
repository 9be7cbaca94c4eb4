"""One site's history as equal steps of time, for charts; from minutes, and from hours before."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row as SqlRow
from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session

from services.province.storage.history_tables import DAY_S, HOUR_S, SLOT_S, Hour, Minute


@dataclass(frozen=True, slots=True)
class Span:
    """What a chart covers: ``steps`` steps of ``step_s`` seconds, the last of which holds now."""

    days: int
    step_s: int

    @property
    def steps(self) -> int:
        """How many."""
        return self.days * DAY_S // self.step_s


SPANS = {1: Span(1, 600), 7: Span(7, HOUR_S), 90: Span(90, DAY_S)}
"""By their days; about as many steps each as a telephone is wide."""


@dataclass(slots=True)
class Step:
    """One step from ``at`` on. Shares are of its time up to now; figures are the worst minute's."""

    at: int
    expected: int
    """Slots of five minutes that have passed since the site is known."""
    heard: int = 0
    late: int = 0
    soc_c: float | None = None
    loss_percent: float | None = None
    rtt_ms: float | None = None

    @property
    def missed(self) -> int:
        """Slots of which nothing is known: there was no power, or the box did not run."""
        return max(0, self.expected - self.heard - self.late)


def steps_of(
    session: Session, site: str, span: Span, now: float, *, offset_s: int = 0, since: float = 0.0
) -> list[Step]:
    """The steps of `span` up to `now`. `offset_s` is the zone's, so that days are its days; nothing
    is expected from before `since`, when the site was entered."""
    width = span.step_s
    end = int((now + offset_s) // width + 1) * width - offset_s
    begin = end - span.steps * width
    steps = [
        Step(at, _slots(max(at, since), min(at + width, now))) for at in range(begin, end, width)
    ]
    for at, heard, late, soc_c, loss, rtt in _rows(session, site, begin, offset_s, width):
        step = steps[(at - begin) // width]
        step.heard += heard
        step.late += late
        step.soc_c = _worse(step.soc_c, soc_c)
        step.loss_percent = _worse(step.loss_percent, loss)
        step.rtt_ms = _worse(step.rtt_ms, rtt)
    for step in steps:
        step.heard = min(step.heard, step.expected)
        step.late = min(step.late, step.expected - step.heard)
    return steps


def share_heard(steps: Sequence[Step]) -> float | None:
    """Of the time that the site is known, 0 to 1; None where that is none."""
    expected = sum(step.expected for step in steps)
    return sum(step.heard for step in steps) / expected if expected else None


Row = SqlRow[int, int, int, float | None, float | None, float | None]


def _rows(session: Session, site: str, begin: int, offset_s: int, width: int) -> list[Row]:
    shifted = Minute.at + offset_s
    at = (shifted - shifted % width - offset_s).label("step")
    slot = Minute.at // SLOT_S
    slots = func.count(distinct(slot))
    at_once = func.count(distinct(case((Minute.late.is_(False), slot))))
    minutes = (
        select(
            at,
            at_once,
            slots - at_once,
            func.max(Minute.soc_c),
            func.max(Minute.loss_percent),
            func.max(Minute.rtt_ms),
        )
        .where(Minute.site_id == site, Minute.at >= begin)
        .group_by("step")  # by its name: to PostgreSQL two parameters are two expressions
    )
    hours = select(
        Hour.at, Hour.heard, Hour.late, Hour.soc_c, Hour.loss_percent, Hour.rtt_ms
    ).where(Hour.site_id == site, Hour.at >= begin)
    found: list[Row] = [*session.execute(minutes)]
    if width >= HOUR_S:
        found += session.execute(hours)
    return found


def _slots(begin: float, end: float) -> int:
    """Whole slots between; the current one is not expected yet."""
    return max(0, math.floor(end / SLOT_S) - math.ceil(begin / SLOT_S))


def _worse(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)
