"""Counts how often a program ended that nobody wanted to end, and keeps why.

systemd starts it again within a second, so that neither a stale fact file nor a failed unit shows
it: an endpoint that fell six times in a minute was well, by all that the province heard.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path

import msgspec

from appliance.base.errors import FactFileError
from appliance.base.fact_file import FactFile
from appliance.base.supervisor import error_line
from appliance.wire.facts import RunFacts

log = logging.getLogger("diemcau.run")

ENDPOINT_RUN = FactFile("endpoint-run.json", RunFacts)
HEALTH_RUN = FactFile("health-run.json", RunFacts)
KILLED = "killed: by its watchdog, for its memory or by a signal"
"""Of a program that had no time to say why."""


class ProgramEnds:
    """One program's file in /run, which outlives the program and not the power."""

    def __init__(
        self,
        file: FactFile[RunFacts],
        run: Path,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic` has to be the machine's own, which does not begin anew with the program."""
        self._file = file
        self._run = run
        self._now = now
        self._monotonic = monotonic

    @contextmanager
    def counted(self) -> Iterator[str]:
        """Inside, the program runs; it gives why the last run ended, "" where that was wanted.

        What is raised is a count and a reason more, and is raised again. A file that cannot be
        written costs no program its start.
        """
        before = self._file.read(self._run, self._now(), inf) or RunFacts()
        facts = self._ended(before, KILLED) if before.running else before
        facts = msgspec.structs.replace(facts, running=True)
        reason = facts.reason if before.running or before.failed else ""
        self._write(msgspec.structs.replace(facts, failed=False))
        try:
            yield reason
        except Exception as error:
            self._write(self._ended(facts, error_line(error)))
            raise
        self._write(msgspec.structs.replace(facts, running=False, failed=False))

    def _ended(self, facts: RunFacts, reason: str) -> RunFacts:
        return msgspec.structs.replace(
            facts,
            running=False,
            failed=True,
            ends=facts.ends + 1,
            reason=reason,
            ended_s=self._monotonic(),
        )

    def _write(self, facts: RunFacts) -> None:
        try:
            self._file.write(self._run, facts, self._now())
        except FactFileError as error:
            log.warning("%s", error)
