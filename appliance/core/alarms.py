"""From what checks observe to alarms: states with hysteresis, debounced, that clear by themselves.

A check answers each time with an observation of three values. WRONG and FINE must last before the
state turns; UNSURE, the band between two thresholds, turns nothing. So a value that swings about
its threshold makes one alarm, not a hundred.
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
class Observation:
    """What one check says of one problem at one moment; ``detail`` is the measured value."""

    key: ProblemKey
    state: State
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Debounce:
    """Seconds for which a thing must be wrong before it is an alarm, and fine before it is none."""

    raise_s: float = 0.0
    clear_s: float = 30.0


DEBOUNCE = {
    ProblemKey.NETWORK_ADDRESS: Debounce(20.0, 10.0),  # DHCP needs its time after the carrier
    ProblemKey.ADDRESS_TAKEN: Debounce(20.0, 10.0),  # networkd asks for 7 s whose it is
    ProblemKey.GATEWAY_SILENT: Debounce(30.0, 5.0),  # a switch that learns, a modem that restarts
    ProblemKey.WIFI_RADIO: Debounce(20.0, 0.0),  # its firmware is loaded late
    ProblemKey.WIFI_NOT_FOUND: Debounce(20.0, 0.0),  # a first scan takes its time
    ProblemKey.WIFI_REFUSED: Debounce(0.0, 0.0),  # wpa_supplicant has tried it by then
    ProblemKey.LINK_ERRORS: Debounce(60.0, 600.0),
    ProblemKey.HOT: Debounce(20.0, 60.0),
    ProblemKey.SLOWED: Debounce(20.0, 120.0),
    ProblemKey.POWER_WEAK: Debounce(0.0, 600.0),  # it drops for milliseconds, with the load
    ProblemKey.MEMORY_SHORT: Debounce(60.0, 120.0),
    ProblemKey.ENDPOINT_SILENT: Debounce(20.0, 5.0),  # systemd restarts it within a few seconds
    ProblemKey.CAMERA_MISSING: Debounce(5.0, 5.0),
    ProblemKey.CAMERA_DAMAGED: Debounce(10.0, 60.0),  # a knock at the cable is over by then
    ProblemKey.MICROPHONE_MISSING: Debounce(5.0, 5.0),
    ProblemKey.TV_UNPLUGGED: Debounce(20.0, 10.0),  # a TV that wakes takes its line away shortly
    ProblemKey.UNIT_FAILED: Debounce(60.0, 10.0),
}
"""Where the default is not right, with the reason; the rest turns at once and clears in 30 s."""
DEFAULT_DEBOUNCE = Debounce()

STALE_S = 900.0
"""An alarm of which no check says anything for so long is over: its sensor is gone."""


@dataclass(frozen=True, slots=True)
class AlarmState:
    """What is remembered of one problem, all in seconds of a clock that never jumps."""

    active: bool
    since: float
    """Of the present state: the first second of the evidence that led to it."""
    observed_at: float
    """When a check last said anything of it."""
    turning_since: float | None = None
    """Since when the evidence speaks against the present state without a break."""
    detail: str = ""


AlarmStates = Mapping[ProblemKey, AlarmState]


def update(
    states: AlarmStates, observations: Iterable[Observation], now: float
) -> dict[ProblemKey, AlarmState]:
    """The states after all observations of one run of the checks at `now` (monotonic seconds)."""
    after = {key: state for key, state in states.items() if state.observed_at > now - STALE_S}
    for observation in _worst_of_each(observations):
        known = states.get(observation.key)
        known = known or AlarmState(active=False, since=now, observed_at=now)
        after[observation.key] = _updated(known, observation, now)
    return after


def active_alarms(states: AlarmStates) -> tuple[tuple[ProblemKey, AlarmState], ...]:
    """What is active, the worst first, then in the order of the table of problems."""
    order = list(ProblemKey)
    active = [(key, state) for key, state in states.items() if state.active]
    return tuple(sorted(active, key=lambda item: (-KINDS[item[0]].severity, order.index(item[0]))))


def _updated(alarm: AlarmState, observation: Observation, now: float) -> AlarmState:
    alarm = replace(alarm, observed_at=now)
    if observation.state is State.WRONG and alarm.active:
        alarm = replace(alarm, detail=observation.detail)
    against = State.FINE if alarm.active else State.WRONG
    if observation.state is not against:
        return replace(alarm, turning_since=None)
    began = now if alarm.turning_since is None else alarm.turning_since
    debounce = DEBOUNCE.get(observation.key, DEFAULT_DEBOUNCE)
    if now - began < (debounce.clear_s if alarm.active else debounce.raise_s):
        return replace(alarm, turning_since=began)
    if alarm.active:
        return AlarmState(active=False, since=began, observed_at=now)
    return AlarmState(active=True, since=began, observed_at=now, detail=observation.detail)


def _worst_of_each(observations: Iterable[Observation]) -> Iterable[Observation]:
    worst: dict[ProblemKey, Observation] = {}
    for observation in observations:
        known = worst.get(observation.key)
        if known is None or observation.state > known.state:
            worst[observation.key] = observation
    return worst.values()


def above(key: ProblemKey, value: float, *, wrong: float, fine: float, detail: str) -> Observation:
    """WRONG from `wrong` upward, FINE below `fine`, UNSURE between."""
    state = State.WRONG if value >= wrong else State.FINE if value < fine else State.UNSURE
    return Observation(key, state, detail)


def below(key: ProblemKey, value: float, *, wrong: float, fine: float, detail: str) -> Observation:
    """WRONG below `wrong`, FINE from `fine` upward, UNSURE between."""
    state = State.WRONG if value < wrong else State.FINE if value >= fine else State.UNSURE
    return Observation(key, state, detail)


def when(key: ProblemKey, wrong: bool, detail: str = "") -> Observation:
    """WRONG or FINE."""
    return Observation(key, State.WRONG if wrong else State.FINE, detail)
