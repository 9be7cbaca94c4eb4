"""What the endpoint tells its neighbours: systemd, the fact file, the journal."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from appliance.base.errors import FactFileError
from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.systemd import SystemdNotifier
from appliance.core.decision import Decision
from appliance.core.problems import Problem
from appliance.wire.facts import EndpointFacts
from services.endpoint.status.endpoint_facts import with_measured

log = logging.getLogger("diemcau.reports")

REWRITE_S = 5.0
"""Facts that stay the same are written again, so that a neighbour knows that they hold."""


class Reports:
    """Called once a turn; writes only what is new, and feeds the watchdog with the turn itself."""

    def __init__(self, systemd: SystemdNotifier, run: Path) -> None:
        self._systemd = systemd
        self._run = run
        self._written: EndpointFacts | None = None
        self._written_at = float("-inf")
        self._known: dict[str, str] = {}

    def watch(self, moves: Callable[[float], bool]) -> None:
        """Feed the watchdog only while the call's media moves, too."""
        self._systemd.watch("media", moves)

    def turn(
        self,
        facts: EndpointFacts,
        decision: Decision,
        problems: tuple[Problem, ...],
        now: float,
        headline: str,
        measured: Mapping[str, str | float],
    ) -> None:
        """The state at `now` (POSIX s); the first call says READY: the screen is drawn.

        `measured` is what else the province wants to know and no decision needs, by the names of
        `EndpointFacts`; alone it is no reason to write.
        """
        self._systemd.ready()
        meeting = f": {decision.meeting.title}" if decision.meeting else ""
        self._systemd.status(headline + meeting)
        for name in self._systemd.feed_watchdog():
            log.error("watchdog: %s stands still", name)
        self._log(problems)
        self._write(facts, measured, now)

    def _log(self, problems: tuple[Problem, ...]) -> None:
        known = {problem.code: problem.detail for problem in problems}
        for problem in problems:
            if self._known.get(problem.code) != problem.detail:
                which = f": {problem.detail}" if problem.detail else ""
                log.warning("problem: %s %s%s", problem.code, problem.key, which,
                            extra={"PROBLEM": problem.code})  # fmt: skip
        for code in sorted(self._known.keys() - known.keys()):
            log.info("problem: %s is over", code, extra={"PROBLEM": code})
        self._known = known

    def _write(self, facts: EndpointFacts, measured: Mapping[str, str | float], now: float) -> None:
        monotonic = asyncio.get_running_loop().time()
        if facts == self._written and monotonic - self._written_at < REWRITE_S:
            return
        try:
            ENDPOINT_FILE.write(self._run, with_measured(facts, measured), now)
            self._written, self._written_at = facts, monotonic
        except FactFileError as error:
            if self._written_at != float("-inf"):
                log.warning("%s", error)
            self._written_at = float("-inf")
