"""Asks until the hour is known, sets the clock, and ends; a timer starts it again.

A box is in the hour that it kept, or in 1970, until then: the TV says so, and no meeting is joined
by itself. So it asks every two seconds. A clock that is a little off is slewed. One that is far off
is set at once, in a meeting too: the programs follow a step of a clock that they trusted only after
a minute (`appliance.base.clock.SteadyClock`), and no call ends by it.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from appliance.base.errors import FactFileError
from appliance.base.fact_file import HOUR_FILE
from appliance.wire.facts import HourFacts
from services.hour.hour_policy import Hour, HourError, Refusal, judge
from services.hour.machine_clock import MachineClock, Mark
from services.hour.question import UNANSWERED, Question, ask, context

log = logging.getLogger("diemcau.hour")

RETRY_S = 2.0
"""After nobody answered: the hour is to be known within ten seconds of the line."""
REFUSED_RETRY_S = 10.0
"""After an hour that was not believed."""
MAX_SLEW_S = 0.5
"""A clock that is off by less is slewed, which takes it 1000 s at the most."""
KEPT_SLACK_S = 600.0
"""How far the hour that was kept may have run ahead: a quartz of 100 ppm does so in two months."""
CONFIRM_S = 3600.0
"""The hour that was kept may be wrong itself, after a province whose clock was years ahead for a
day. An earlier hour counts where the province has said so for that long."""


class HourState(StrEnum):
    """What has become of the hour."""

    ASKED = "asked"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Floor:
    """What has passed (POSIX s): the release's commit, and the hour that the box kept last."""

    release: float
    kept: float


class HourProgram:
    """`run` returns when the clock is right: set by the province's hour, or held by NTP."""

    def __init__(
        self,
        questions: Sequence[Question],
        clock: MachineClock,
        floor: Floor,
        mark: Mark,
        run: Path,
    ) -> None:
        """`run` is the fact files' folder."""
        self._questions = questions
        self._clock = clock
        self._floor = floor
        self._mark = mark
        self._run = run
        self._contexts: dict[Question, ssl.SSLContext] = {}
        self._logged: dict[str, str] = {}
        self._below_since: float | None = None

    async def run(self) -> None:
        """Ask until the hour is known. Raises `OSError` where the clock cannot be set."""
        self._tell(HourState.ASKED)
        while not self._clock.kept_by_ntp():
            refused = ""
            for question in self._questions:
                try:
                    hour = await self._asked(question)
                except HourError as error:
                    refused = str(error.refusal)
                    self._note(question, f"refused ({error})")
                    self._tell(HourState.REFUSED, code=refused, source=question.host)
                except UNANSWERED as error:
                    self._note(question, f"no answer: {type(error).__name__}: {error}")
                else:
                    self._believe(hour, question.host)
                    return
            await asyncio.sleep(REFUSED_RETRY_S if refused else RETRY_S)
        log.info("hour: a time server holds the clock")
        self._tell(HourState.KNOWN, source="NTP")

    async def _asked(self, question: Question) -> Hour:
        authorities = await asyncio.to_thread(question.authorities)
        if question not in self._contexts:
            self._contexts[question] = await asyncio.to_thread(context, question)
        answer, trip = await ask(question, self._contexts[question], self._clock.elapsed)
        try:
            hour = judge(answer, trip, authorities, self._passed())
        except HourError as error:
            if error.refusal is Refusal.BELOW_FLOOR and self._below_since is None:
                self._below_since = self._clock.elapsed()
            raise
        return hour

    def _passed(self) -> float:
        since = self._below_since
        if since is not None and self._clock.elapsed() - since >= CONFIRM_S:
            return self._floor.release
        return max(self._floor.release, self._floor.kept - KEPT_SLACK_S)

    def _believe(self, hour: Hour, source: str) -> None:
        known_before, elapsed = self._mark.there(), self._clock.elapsed()
        at = hour.at + (elapsed - hour.received_at)
        offset = at - self._clock.now()
        if self._clock.kept_by_ntp():
            return
        if known_before and abs(offset) <= MAX_SLEW_S:
            self._clock.slew(offset, hour.error_s)
        else:
            self._clock.set(at, hour.error_s)
        self._mark.make()
        log.info(
            "hour: %s by %s, right to %.2f s; the clock was off by %+.1f s",
            datetime.fromtimestamp(at, UTC), source, hour.error_s, offset,
        )  # fmt: skip
        self._tell(HourState.KNOWN, source=source, error_s=hour.error_s)

    def _note(self, question: Question, what: str) -> None:
        """One line for each change."""
        if self._logged.get(question.url) != what:
            log.warning("hour: %s: %s", question.host, what)
        self._logged[question.url] = what

    def _tell(
        self, state: HourState, *, code: str = "", source: str = "", error_s: float = 0.0
    ) -> None:
        facts = HourFacts(state=state.value, code=code, source=source, error_s=error_s)
        try:
            HOUR_FILE.write(self._run, facts, self._clock.now())
        except FactFileError as error:
            log.warning("hour: %s", error)
