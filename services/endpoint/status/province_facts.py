"""What the province says to this site, and health of its box, from health's fact file."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.base.fact_file import HEALTH_FILE
from appliance.core.problems import Problem, by_checks
from appliance.wire.facts import DesiredFacts, HealthFacts, RehearsalWish
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.call.ended_meetings import EndedMeetings

POLL_INTERVAL_S = 0.25
"""A change at the province is to be on the TV within two seconds; to read a small file of /run
four times a second costs nothing that can be measured."""
FRESH_S = 60.0
CLAIM = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


@dataclass(frozen=True, slots=True)
class ProvinceWord:
    """The province's word on this site's hand and floor."""

    floor: str = ""
    """The UID of the meeting in which this site has the floor."""
    hand_seen: bool = False
    """The hand that is up now is on the chair's page."""
    rehearsal: RehearsalWish | None = None
    """The rehearsal that the province wishes, taken part in or not."""


class ProvinceFacts:
    """`claim`, `word`, `ended` and `alarms` as they stand now; `changed` is set with each change.

    A new ``nudged_at`` makes `agenda_poller` poll. A nudge that stands there at the start is old:
    the agenda is asked for at the start anyway. A health program that is silent takes no floor
    back: the province did not say so.
    """

    def __init__(
        self,
        run: Path,
        now: Callable[[], float],
        agenda_poller: AgendaPoller,
        changed: asyncio.Event,
        ended: EndedMeetings,
        *,
        interval_s: float = POLL_INTERVAL_S,
    ) -> None:
        self._run = run
        self._now = now
        self._agenda_poller = agenda_poller
        self._changed = changed
        self._interval_s = interval_s
        self.ended = ended
        facts = self._facts()
        self._nudged_at = facts.nudged_at if facts is not None else None
        self.claim = ""
        """The code of a box that waits to be let in; "" when it does not wait."""
        self.word = ProvinceWord()
        self.alarms: tuple[Problem, ...] = ()
        """What only the checks of the health program find; none while it is silent."""

    async def run(self) -> None:
        """Poll the file until cancelled."""
        while True:
            self.poll()
            await asyncio.sleep(self._interval_s)

    def poll(self) -> None:
        """Read the file once."""
        facts = self._facts()
        before = self.claim, self.word, self.ended.now, self.alarms
        self.claim = _claim(facts)
        self.alarms = () if facts is None else by_checks(facts.alarms, facts.alarm_details)
        if facts is not None:
            self.word = _word(facts)
            if facts.desired is not None:
                self.ended.take(facts.desired.ended)
            if facts.nudged_at not in (None, self._nudged_at):
                self._nudged_at = facts.nudged_at
                self._agenda_poller.poll_now()
        if (self.claim, self.word, self.ended.now, self.alarms) != before:
            self._changed.set()

    def _facts(self) -> HealthFacts | None:
        return HEALTH_FILE.read(self._run, self._now(), FRESH_S)


def _claim(facts: HealthFacts | None) -> str:
    return facts.claim if facts is not None and CLAIM.fullmatch(facts.claim) else ""


def _word(facts: HealthFacts) -> ProvinceWord:
    desired = facts.desired if facts.desired is not None else DesiredFacts()
    return ProvinceWord(desired.floor, facts.hand_seen, desired.rehearsal)
