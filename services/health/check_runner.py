"""One round of all checks: what each found, put together, and the alarms that follow."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.base.texts import LOCALES, text
from appliance.core.alarms import Verdict, Watch, holding, turn
from appliance.core.problems import KINDS, ProblemKey
from appliance.wire.alarm import Alarm
from services.health.check_api import Box, Check, CheckResult

log = logging.getLogger("diemcau.health.rounds")


@dataclass(frozen=True, slots=True)
class Condition:
    """How the box is after a round."""

    alarms: tuple[Alarm, ...]
    figures: Mapping[str, float]
    facts: Mapping[str, str]


class CheckRunner:
    """Runs the checks one after another; remembers the alarms' watches and which checks fell."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._watches: dict[ProblemKey, Watch] = {}
        self._fallen: frozenset[str] = frozenset()
        self._known: frozenset[ProblemKey] = frozenset()

    def go(self, box: Box) -> Condition:
        """Look at everything once; a check that raises is named in the facts and costs nothing."""
        findings: dict[str, CheckResult] = {}
        fallen: dict[str, Exception] = {}
        for name, check in self._checks.items():
            try:
                findings[name] = check(box)
            except Exception as error:  # a diagnostic must never take down what it watches
                fallen[name] = error
        self._note_fallen(fallen)
        verdicts: list[Verdict] = []
        figures: dict[str, float] = {}
        facts: dict[str, str] = {}
        for finding in findings.values():
            verdicts += finding.verdicts
            figures |= finding.figures
            facts |= finding.facts
        if fallen:
            facts["checks_fallen"] = ", ".join(fallen)
        self._watches = turn(self._watches, verdicts, box.monotonic)
        self._note_alarms()
        return Condition(self._alarms(box), figures, facts)

    def _alarms(self, box: Box) -> tuple[Alarm, ...]:
        return tuple(
            Alarm(
                key=key.value,
                code=KINDS[key].code,
                severity=int(KINDS[key].severity),
                since=max(0.0, float(round(box.now - (box.monotonic - watch.since)))),
                detail=watch.detail,
                text={locale: text(locale)(KINDS[key].text) for locale in LOCALES},
                remedy={locale: text(locale)(KINDS[key].remedy) for locale in LOCALES},
            )
            for key, watch in holding(self._watches)
        )

    def _note_fallen(self, fallen: Mapping[str, Exception]) -> None:
        for name, error in fallen.items():
            if name not in self._fallen:
                log.error("check %s fell: %s: %s", name, type(error).__name__, error)
        self._fallen = frozenset(fallen)

    def _note_alarms(self) -> None:
        known = frozenset(key for key, _ in holding(self._watches))
        for key in sorted(known - self._known):
            log.warning("alarm: %s %s %s", KINDS[key].code, key, self._watches[key].detail,
                        extra={"TROUBLE": KINDS[key].code})  # fmt: skip
        for key in sorted(self._known - known):
            log.info("alarm: %s is over", KINDS[key].code, extra={"TROUBLE": KINDS[key].code})
        self._known = known
