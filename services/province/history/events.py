"""What a health report says of things that happened once: the start of the box, a self-test."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.wire.report import Health
from services.province.history.bounds import AHEAD_S


class EventKind(StrEnum):
    """The closed set."""

    START = "start"
    SELF_TEST = "self-test"


@dataclass(frozen=True, slots=True)
class Event:
    """``name`` is the same in each report that tells of it; ``at`` is POSIX seconds."""

    kind: EventKind
    name: str
    at: float
    detail: str


def events_of(health: Health, at: float) -> Iterator[Event]:
    """Told by the report's facts (``reboot``; ``selftest`` and ``selftest_at``); `at` is its hour.

    What cannot be read is passed over: another release may write it otherwise.
    """
    reason = _kept(health, "reboot")
    if reason:
        began = at - max(0.0, health.figures.get("uptime_s", 0.0))
        yield Event(EventKind.START, health.id.boot_id, began, reason)
    result, hour = _kept(health, "selftest"), _kept(health, "selftest_at")
    if result:
        try:
            tested = datetime.fromisoformat(hour)
        except ValueError:
            return
        if tested.tzinfo is not None and tested.timestamp() <= at + AHEAD_S:
            yield Event(EventKind.SELF_TEST, hour[:64], tested.timestamp(), result)


def _kept(health: Health, fact: str) -> str:
    # PostgreSQL keeps no zero bytes in a text.
    return health.facts.get(fact, "").replace("\0", "")[:200]
