"""Hears from the health program's fact file what the province told it."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.base.fact_file import HEALTH_FILE
from appliance.wire.facts import HealthFacts

LOOK_S = 0.25
"""A change at the province is to be on the TV within two seconds; to read a small file of /run
four times a second costs nothing that can be measured."""
FRESH_S = 60.0
CLAIM = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


@dataclass(frozen=True, slots=True)
class Word:
    """The province's word on this site's hand and floor."""

    floor: str = ""
    """The UID of the meeting in which this site has the floor."""
    hand_seen: bool = False
    """The hand that is up now is on the chair's page."""


class Province:
    """Calls `hurry` once for each new ``nudged_at`` of ``health.json``; `claimed` with the code of
    a box that waits to be let in, "" when it waits no longer; `said` with the province's word:
    the last two each time that they are others.

    A nudge that stands there at the start is old: the agenda was asked for at the start anyway.
    A health program that is silent takes no floor back: the province did not say so.
    """

    def __init__(
        self,
        run: Path,
        *,
        hurry: Callable[[], None],
        claimed: Callable[[str], None],
        said: Callable[[Word], None],
        now: Callable[[], float],
    ) -> None:
        self._run = run
        self._hurry, self._claimed, self._said = hurry, claimed, said
        self._now = now
        facts = self._facts()
        self._known = facts.nudged_at if facts is not None else None
        self._claim, self._word = "", Word()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Once."""
        facts = self._facts()
        if (claim := _claim(facts)) != self._claim:
            self._claim = claim
            self._claimed(claim)
        if facts is None:
            return
        if (word := _word(facts)) != self._word:
            self._word = word
            self._said(word)
        if facts.nudged_at is not None and facts.nudged_at != self._known:
            self._known = facts.nudged_at
            self._hurry()

    def _facts(self) -> HealthFacts | None:
        return HEALTH_FILE.read(self._run, self._now(), FRESH_S)


def _claim(facts: HealthFacts | None) -> str:
    return facts.claim if facts is not None and CLAIM.fullmatch(facts.claim) else ""


def _word(facts: HealthFacts) -> Word:
    return Word(facts.desired.floor if facts.desired is not None else "", facts.hand_seen)
