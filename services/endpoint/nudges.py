"""Hears from the health program's fact file what the province told it: a nudge, or to wait."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from appliance.base.fact_file import read_facts

LOOK_S = 0.25
"""A change at the province is to be on the TV within two seconds; to read a small file of /run
four times a second costs nothing that can be measured."""
FRESH_S = 60.0
CLAIM = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


class Nudges:
    """Calls `hurry` once for each new ``nudged_at`` of ``health.json``, and `claimed` with the code
    of a box that waits to be let in ("" when it waits no longer), each time it is another.

    A nudge that stands there at the start is old: the agenda was asked for at the start anyway.
    """

    def __init__(
        self,
        run: Path,
        hurry: Callable[[], None],
        claimed: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._file = run / "health.json"
        self._hurry, self._claimed = hurry, claimed
        self._now = now
        self._known, self._claim = self._told()[0], ""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Once."""
        nudged_at, claim = self._told()
        if claim != self._claim:
            self._claim = claim
            self._claimed(claim)
        if nudged_at is not None and nudged_at != self._known:
            self._known = nudged_at
            self._hurry()

    def _told(self) -> tuple[float | None, str]:
        facts = read_facts(self._file, self._now(), FRESH_S) or {}
        nudged_at, claim = facts.get("nudged_at"), facts.get("claim")
        return (
            float(nudged_at) if isinstance(nudged_at, int | float) else None,
            claim if isinstance(claim, str) and CLAIM.fullmatch(claim) else "",
        )
