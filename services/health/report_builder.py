"""From the endpoint's fact file to what the province is told of it."""

from collections.abc import Mapping
from typing import Any

from appliance.core.floor_control import Lamp
from appliance.wire.report import Hand, Meeting, Update
from appliance.wire.stamp import Stamp

SILENT = "silent"
_HAND_UP = frozenset({Lamp.AMBER.value, Lamp.AMBER_BLINK.value})

Facts = Mapping[str, Any]


def meeting_of(endpoint: Facts | None, stamp: Stamp) -> Meeting:
    """What the endpoint does; a silent one is said to be silent, whatever it did last."""
    if endpoint is None:
        return Meeting(stamp, SILENT)
    codes = endpoint.get("troubles")
    return Meeting(
        stamp,
        phase=_word(endpoint, "phase") or SILENT,
        meeting=_word(endpoint, "meeting"),
        call=_word(endpoint, "call") or "down",
        tries=_count(endpoint, "tries"),
        ended=_word(endpoint, "ended"),
        detail=_word(endpoint, "detail"),
        line=_word(endpoint, "line"),
        microphone=_word(endpoint, "microphone"),
        problems=tuple(code for code in codes if isinstance(code, str))[:50]
        if isinstance(codes, list)
        else (),
    )


def hand_up(endpoint: Facts | None) -> bool:
    """The lamp is the endpoint's word on the hand: amber, blinking until the far end confirmed."""
    return endpoint is not None and endpoint.get("lamp") in _HAND_UP


def hand_of(endpoint: Facts | None, stamp: Stamp, since: float) -> Hand:
    """The hand, up `since` (POSIX s)."""
    up = hand_up(endpoint)
    live = endpoint is not None and endpoint.get("lamp") == Lamp.GREEN.value
    meeting = _word(endpoint, "meeting") if endpoint is not None else ""
    return Hand(stamp, up, since if up else 0.0, meeting, live)


def update_of(updater: Facts, stamp: Stamp) -> Update:
    """What the updater's fact file says, as far as it says it."""
    progress = updater.get("progress")
    number = isinstance(progress, int | float) and not isinstance(progress, bool)
    return Update(
        stamp,
        state=_word(updater, "state") or "unknown",
        release=_word(updater, "release")[:100],
        wanted=_word(updater, "wanted")[:100],
        slot=_word(updater, "slot")[:100],
        progress=min(1.0, max(0.0, float(progress))) if number and progress is not None else 0.0,
        detail=_word(updater, "detail"),
    )


def _word(facts: Facts, key: str) -> str:
    value = facts.get(key)
    return value[:400] if isinstance(value, str) else ""


def _count(facts: Facts, key: str) -> int:
    value = facts.get(key)
    return value if type(value) is int and value >= 0 else 0
