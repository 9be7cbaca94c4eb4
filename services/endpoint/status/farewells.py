"""Remembers for two minutes what became of the meeting that people waited for or sat in."""

import logging

from appliance.core.decision import Decision, Facts
from appliance.core.meetings.farewell import SHOWN_S, Farewell, Gone, gone

log = logging.getLogger("diemcau.farewells")


class Farewells:
    """Sees every decision; times are monotonic."""

    def __init__(self) -> None:
        self._before: Decision | None = None
        self._gone: Gone | None = None
        self.until = float("-inf")
        """When what is told goes from the TV."""

    def note(self, decision: Decision, facts: Facts, now: float, monotonic: float) -> None:
        """A decision was made at `now` (POSIX s)."""
        before, self._before = self._before, decision
        if decision.call is not None or self._taken_back(facts):
            self._gone = None
        found = gone(before, decision, facts, now) if before is not None else None
        if found is not None and found != self._gone:
            log.info("meeting %s", found.farewell, extra={"MEETING": found.meeting.uid})
            self._gone, self.until = found, monotonic + SHOWN_S

    def _taken_back(self, facts: Facts) -> bool:
        """Whether the chair lets the meeting go on that was told as ended."""
        told = self._gone
        return (
            told is not None
            and told.farewell is Farewell.ENDED_BY_CHAIR
            and told.meeting.occurrence not in facts.ended
        )

    def at(self, monotonic: float) -> Gone | None:
        """What is told now."""
        return self._gone if monotonic < self.until else None
