"""Single events in a health report: the start of the box and the last self-test."""

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


@dataclass(frozen=True, slots=True)
class Event:
    """``name`` is the same in each report of the same event; ``at`` is POSIX seconds."""

    kind: EventKind
    name: str
    at: float
    detail: str


def events_of(health: Health, at: float) -> Iterator[Event]:
    """The events in the report's facts (``reboot``; ``selftest`` and ``selftest_at``).

    `at` is the report's time. What cannot be read is passed over: another release may write it
    otherwise.
    """
    reason = _storable(health, "reboot")
    if reason:
        began = at - max(0.0, health.figures.get("uptime_s", 0.0))
        yield Event(EventKind.START, health.id.boot_id, began, reason)
    result, tested_at = _storable(health, "selftest"), _storable(health, "selftest_at")
    if result:
        try:
            tested = datetime.fromisoformat(tested_at)
        except ValueError:
            return
        if tested.tzinfo is not None and tested.timestamp() <= at + MAX_CLOCK_AHEAD_S:
            yield Event(EventKind.SELF_TEST, tested_at[:64], tested.timestamp(), result)


def _storable(health: Health, fact: str) -> str:
    # PostgreSQL keeps no zero bytes in a text.
    return health.facts.get(fact, "").replace("\0", "")[:200]
