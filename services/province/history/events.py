"""Single events in a health report: the start of the box, its last self-test and rehearsal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.wire.report import Health

MAX_CLOCK_AHEAD_S = 60.0
"""A site's clock may be so far ahead of ours; a time further ahead is not believed."""


class EventKind(StrEnum):
    """The closed set."""

    START = "start"
    SELF_TEST = "self-test"
    REHEARSAL = "rehearsal"


_TESTS = {
    EventKind.SELF_TEST: ("selftest", "selftest_at"),
    EventKind.REHEARSAL: ("rehearsal", "rehearsal_at"),
}
"""The facts of their result and of their time."""


@dataclass(frozen=True, slots=True)
class Event:
    """``name`` is the same in each report of the same event; ``at`` is POSIX seconds."""

    kind: EventKind
    name: str
    at: float
    detail: str


def events_of(health: Health, at: float) -> Iterator[Event]:
    """The events in the report's facts: ``reboot``, and a result and its time for each test.

    `at` is the report's time. What cannot be read is passed over: another release may write it
    otherwise.
    """
    reason = _storable(health, "reboot")
    if reason:
        began = at - max(0.0, health.figures.get("uptime_s", 0.0))
        yield Event(EventKind.START, health.id.boot_id, began, reason)
    for kind, (fact, time_fact) in _TESTS.items():
        result, tested_at = _storable(health, fact), _storable(health, time_fact)
        tested = _time_of(tested_at) if result else None
        if tested is not None and tested <= at + MAX_CLOCK_AHEAD_S:
            yield Event(kind, tested_at[:64], tested, result)


def _time_of(text: str) -> float | None:
    """POSIX seconds of an RFC 3339 time; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo is not None else None


def _storable(health: Health, fact: str) -> str:
    # PostgreSQL keeps no zero bytes in a text.
    return health.facts.get(fact, "").replace("\0", "")[:200]
