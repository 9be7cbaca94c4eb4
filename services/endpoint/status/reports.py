"""What the endpoint tells its neighbours: systemd, the fact file, the journal."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from appliance.base.errors import FactFileError
from appliance.base.fact_file import FactFile
from appliance.base.systemd import Lifeline
from appliance.core.decision import Decision
from appliance.core.problems import Problem
from appliance.core.scenes import Scene
from services.endpoint.call.call_keeper import CallKeeper

log = logging.getLogger("diemcau.reports")


class Reports:
    """Told once a turn; writes only what is new, and feeds the watchdog with the turn itself."""

    def __init__(
        self,
        lifeline: Lifeline,
        facts: FactFile,
        agenda_at: Callable[[], float | None] = lambda: None,
        measured: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        """`agenda_at`: when the agenda was last confirmed, POSIX s. `measured`: what else the
        province wants to know and no decision needs; alone it is no reason to write."""
        self._lifeline = lifeline
        self._agenda_at = agenda_at
        self._measured = measured
        self._facts = facts
        self._written: dict[str, Any] = {}
        self._written_at = float("-inf")
        self._known: frozenset[str] = frozenset()

    def watch(self, moves: Callable[[float], bool]) -> None:
        """Feed the watchdog only while the call's media moves, too."""
        self._lifeline.watch("media", moves)

    def turn(
        self,
        decision: Decision,
        shown: Scene,
        problems: tuple[Problem, ...],
        line: CallKeeper,
        now: float,
        headline: str,
    ) -> None:
        """The state at `now` (POSIX s); the first call says READY: the screen is drawn."""
        self._lifeline.ready()
        meeting = f": {decision.meeting.title}" if decision.meeting else ""
        self._lifeline.status(headline + meeting)
        for name in self._lifeline.beat():
            log.error("watchdog: %s stands still", name)
        self._tell(problems)
        self._write(
            {
                "phase": decision.phase.value,
                "meeting": decision.meeting.uid if decision.meeting else None,
                "screen": shown.screen.value,
                "call": line.fact.state.value,
                "tries": line.tries,
                "ended": line.ended.reason.value if line.ended else None,
                "detail": line.ended.detail if line.ended else None,
                "lamp": shown.lamp.value,
                "microphone": shown.microphone.value,
                "line": shown.line.value,
                "speaker": shown.speaker,
                "agenda_at": self._agenda_at(),
                "troubles": [problem.code for problem in problems],
            },
            now,
        )

    def _tell(self, problems: tuple[Problem, ...]) -> None:
        known = frozenset(problem.code for problem in problems)
        for problem in problems:
            if problem.code not in self._known:
                log.warning("trouble: %s %s", problem.code, problem.key,
                            extra={"TROUBLE": problem.code})  # fmt: skip
        for code in sorted(self._known - known):
            log.info("trouble: %s is over", code, extra={"TROUBLE": code})
        self._known = known

    def _write(self, facts: dict[str, Any], now: float) -> None:
        if facts == self._written and now - self._written_at < 5:
            return
        try:
            self._facts.write(facts | dict(self._measured()), now)
            self._written, self._written_at = facts, now
        except FactFileError as error:
            if self._written_at != float("-inf"):
                log.warning("%s", error)
            self._written_at = float("-inf")
