"""From what checks find to alarms that hold: states with hysteresis that clear by themselves.

A check answers each time with a verdict of three values. WRONG and FINE must last before the state
turns; UNSURE, the band between two thresholds, turns nothing. So a value that swings about its
threshold makes one alarm, not a hundred.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from appliance.core.problems import KINDS, ProblemKey


class State(IntEnum):
    """What a check says of one problem now; of two checks of one problem the larger counts."""

    FINE = 0
    UNSURE = 1
    WRONG = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check's word on one problem; ``detail`` is the measured value, for people."""

    key: ProblemKey
    state: State
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for which a thing must be wrong before it is an alarm, and fine before it is none."""

    wrong_s: float = 0.0
    fine_s: float = 30.0


PATIENCE = {
    ProblemKey.NETWORK_ADDRESS: Patience(20.0, 10.0),  # DHCP needs its time after the carrier
    ProblemKey.LINK_ERRORS: Patience(60.0, 600.0),
    ProblemKey.HOT: Patience(20.0, 60.0),
    ProblemKey.SLOWED: Patience(20.0, 120.0),
    ProblemKey.POWER_WEAK: Patience(0.0, 600.0),  # it drops for milliseconds, with the load
    ProblemKey.MEMORY_SHORT: Patience(60.0, 120.0),
    ProblemKey.ENDPOINT_SILENT: Patience(20.0, 5.0),  # systemd restarts it within a few seconds
    ProblemKey.CAMERA_MISSING: Patience(5.0, 5.0),
    ProblemKey.MICROPHONE_MISSING: Patience(5.0, 5.0),
    ProblemKey.TV_UNPLUGGED: Patience(20.0, 10.0),  # a TV that wakes takes its line away shortly
    ProblemKey.UNIT_FAILED: Patience(60.0, 10.0),
}
"""Where the default is not right, with the reason; the rest turns at once and clears in 30 s."""
DEFAULT = Patience()

FORGET_S = 900.0
"""An alarm of which no check says anything for so long is over: its sensor is gone."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of one problem, all in seconds of a clock that never jumps."""

    holds: bool
    since: float
    """Of the present state: the first second of the evidence that led to it."""
    heard: float
    """When a check last said anything of it."""
    turning: float | None = None
    """Since when the evidence speaks against the present state without a break."""
    detail: str = ""


Watches = Mapping[ProblemKey, Watch]


def turn(watches: Watches, verdicts: Iterable[Verdict], now: float) -> dict[ProblemKey, Watch]:
    """The watches after the verdicts of one round at `now` (monotonic seconds)."""
    after = {key: watch for key, watch in watches.items() if watch.heard > now - FORGET_S}
    for verdict in _one_each(verdicts):
        known = watches.get(verdict.key) or Watch(holds=False, since=now, heard=now)
        after[verdict.key] = _turned(known, verdict, now)
    return after


def holding(watches: Watches) -> tuple[tuple[ProblemKey, Watch], ...]:
    """The alarms: what holds, the worst first, then in the order of the table."""
    order = list(ProblemKey)
    held = [(key, watch) for key, watch in watches.items() if watch.holds]
    return tuple(sorted(held, key=lambda item: (-KINDS[item[0]].severity, order.index(item[0]))))


def _turned(watch: Watch, verdict: Verdict, now: float) -> Watch:
    watch = replace(watch, heard=now)
    if verdict.state is State.WRONG and watch.holds:
        watch = replace(watch, detail=verdict.detail)
    against = State.FINE if watch.holds else State.WRONG
    if verdict.state is not against:
        return replace(watch, turning=None)
    began = now if watch.turning is None else watch.turning
    patience = PATIENCE.get(verdict.key, DEFAULT)
    if now - began < (patience.fine_s if watch.holds else patience.wrong_s):
        return replace(watch, turning=began)
    if watch.holds:
        return Watch(holds=False, since=began, heard=now)
    return Watch(holds=True, since=began, heard=now, detail=verdict.detail)


def _one_each(verdicts: Iterable[Verdict]) -> Iterable[Verdict]:
    worst: dict[ProblemKey, Verdict] = {}
    for verdict in verdicts:
        known = worst.get(verdict.key)
        if known is None or verdict.state > known.state:
            worst[verdict.key] = verdict
    return worst.values()


def above(key: ProblemKey, value: float, *, wrong: float, fine: float, detail: str) -> Verdict:
    """WRONG from `wrong` upward, FINE below `fine`, UNSURE between."""
    state = State.WRONG if value >= wrong else State.FINE if value < fine else State.UNSURE
    return Verdict(key, state, detail)


def below(key: ProblemKey, value: float, *, wrong: float, fine: float, detail: str) -> Verdict:
    """WRONG below `wrong`, FINE from `fine` upward, UNSURE between."""
    state = State.WRONG if value < wrong else State.FINE if value >= fine else State.UNSURE
    return Verdict(key, state, detail)


def when(key: ProblemKey, wrong: bool, detail: str = "") -> Verdict:
    """WRONG or FINE."""
    return Verdict(key, State.WRONG if wrong else State.FINE, detail)
