"""Runs all checks once: what each found, put together, and the alarms that follow."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.base.texts import LOCALES, text
from appliance.core.alarms import AlarmState, Observation, active_alarms, update
from appliance.core.problems import KINDS, ProblemKey
from appliance.wire.alarm import Alarm
from services.health.check_api import Box, Check, CheckResult

log = logging.getLogger("diemcau.health.checks")


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """How the box is after one run of all checks."""

    alarms: tuple[Alarm, ...]
    figures: Mapping[str, float]
    facts: Mapping[str, str]


class CheckRunner:
    """Runs the checks one after another; remembers the alarms' states and which checks failed."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._states: dict[ProblemKey, AlarmState] = {}
        self._failed: frozenset[str] = frozenset()
        self._active: frozenset[ProblemKey] = frozenset()

    def run(self, box: Box) -> HealthSnapshot:
        """Look at everything once; a check that raises is named in the facts and costs nothing."""
        results: dict[str, CheckResult] = {}
        failed: dict[str, Exception] = {}
        for name, check in self._checks.items():
            try:
                results[name] = check(box)
            except Exception as error:  # a diagnostic must never take down what it watches
                failed[name] = error
        self._log_failed(failed)
        observations: list[Observation] = []
        figures: dict[str, float] = {}
        facts: dict[str, str] = {}
        for result in results.values():
            observations += result.observations
            figures |= result.figures
            facts |= result.facts
        if failed:
            facts["checks_fallen"] = ", ".join(failed)
        self._states = update(self._states, observations, box.monotonic)
        self._log_alarms()
        return HealthSnapshot(self._alarms(box), figures, facts)

    def _alarms(self, box: Box) -> tuple[Alarm, ...]:
        return tuple(
            Alarm(
                key=key.value,
                code=KINDS[key].code,
                severity=int(KINDS[key].severity),
                since=max(0.0, float(round(box.now - (box.monotonic - state.since)))),
                detail=state.detail,
                text={locale: text(locale)(KINDS[key].text) for locale in LOCALES},
                remedy={locale: text(locale)(KINDS[key].remedy) for locale in LOCALES},
            )
            for key, state in active_alarms(self._states)
        )

    def _log_failed(self, failed: Mapping[str, Exception]) -> None:
        for name, error in failed.items():
            if name not in self._failed:
                log.error("check %s failed: %s: %s", name, type(error).__name__, error)
        self._failed = frozenset(failed)

    def _log_alarms(self) -> None:
        active = frozenset(key for key, _ in active_alarms(self._states))
        for key in sorted(active - self._active):
            log.warning("alarm: %s %s %s", KINDS[key].code, key, self._states[key].detail,
                        extra={"PROBLEM": KINDS[key].code})  # fmt: skip
        for key in sorted(self._active - active):
            log.info("alarm: %s is over", KINDS[key].code, extra={"PROBLEM": KINDS[key].code})
        self._active = active
