"""One site's history for its page: when it was heard, what it measured, its starts."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.province.history.events import EventKind
from services.province.history.series import SPANS, Span, Step, share_heard, steps_of
from services.province.storage.history_tables import DAY_S, SiteEvent
from services.province.storage.tables import Site

MAX_EVENTS = 12


@dataclass(frozen=True, slots=True)
class Run:
    """Steps in a row of which the same is known; ``first`` and ``count`` in steps. Shares of each
    step's time, 0 to 1: heard, heard late, not heard; together 0 before the site was known."""

    first: int
    count: int
    heard: float
    late: float
    missed: float


@dataclass(frozen=True, slots=True)
class History:
    """What one site's page shows of a span."""

    span: Span
    steps: tuple[Step, ...]
    runs: tuple[Run, ...]
    heard: float | None
    """Share of the time, 0 to 1; None where there is no time yet."""
    starts: tuple[SiteEvent, ...]
    """Within the span, the newest first."""


def history_of(session: Session, site: Site, span: Span, now: float, offset_s: int) -> History:
    """As of `now`, POSIX seconds; `offset_s` is the zone's."""
    steps = steps_of(session, site.id, span, now, offset_s=offset_s, since=site.created_at)
    return History(
        span,
        tuple(steps),
        tuple(runs(steps)),
        share_heard(steps),
        tuple(_events(session, site.id, EventKind.START, now - span.days * DAY_S)),
    )


def last_event(session: Session, site: str, kind: EventKind) -> SiteEvent | None:
    """The newest of its kind; None where none is known."""
    return next(iter(_events(session, site, kind, 0.0)), None)


def runs(steps: Iterable[Step]) -> Iterable[Run]:
    """Join equal neighbours: a day without an outage is one run, however many steps it has."""
    run: Run | None = None
    for number, step in enumerate(steps):
        known = step.expected or 1
        shares = (step.heard / known, step.late / known, step.missed / known)
        if run is not None and (run.heard, run.late, run.missed) == shares:
            run = Run(run.first, run.count + 1, *shares)
            continue
        if run is not None:
            yield run
        run = Run(number, 1, *shares)
    if run is not None:
        yield run


def _events(session: Session, site: str, kind: EventKind, since: float) -> Iterable[SiteEvent]:
    wanted = select(SiteEvent).where(
        SiteEvent.site_id == site, SiteEvent.kind == kind, SiteEvent.at >= since
    )
    return session.scalars(wanted.order_by(SiteEvent.at.desc()).limit(MAX_EVENTS)).all()


def span_of(days: int) -> Span:
    """The span of so many days; the shortest for a number that is not offered."""
    return SPANS.get(days, SPANS[1])
