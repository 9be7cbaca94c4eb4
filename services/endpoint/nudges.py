"""Hears from the health program's fact file that the agenda has changed at the province."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from appliance.base.fact_file import read_facts

LOOK_S = 0.25
"""A change at the province is to be on the TV within two seconds; to read a small file of /run
four times a second costs nothing that can be measured."""
FRESH_S = 60.0


class Nudges:
    """Calls `hurry` once for each new ``nudged_at`` of ``health.json``.

    What stands there at the start is old: the agenda was asked for at the start anyway.
    """

    def __init__(self, run: Path, hurry: Callable[[], None], now: Callable[[], float]) -> None:
        self._file = run / "health.json"
        self._hurry = hurry
        self._now = now
        self._known = self._nudged_at()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Once."""
        nudged_at = self._nudged_at()
        if nudged_at is not None and nudged_at != self._known:
            self._known = nudged_at
            self._hurry()

    def _nudged_at(self) -> float | None:
        facts = read_facts(self._file, self._now(), FRESH_S)
        found = facts.get("nudged_at") if facts is not None else None
        return float(found) if isinstance(found, int | float) else None
