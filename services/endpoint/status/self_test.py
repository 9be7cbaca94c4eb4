"""The self-test that a long press starts: what a technician would try, shown line by line."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from appliance.base.supervisor import Supervisor
from appliance.core.problems import KINDS, Area, ProblemKey
from appliance.core.scenes import Check, CheckState

Step = Callable[[], Awaitable[ProblemKey | None]]
"""Tries one part of the site; None: all is well."""

STEP_DEADLINE_S = 6.0
"""The longest that one line may take; a camera opens within about three seconds."""
RESULT_SHOWN_S = 15.0


class SelfTest:
    """Runs its steps in order, once for each `start`; `checks` is what the TV shows of it.

    `changed` is set each time that `checks`, `running` or `result` is another.
    """

    def __init__(
        self,
        steps: Mapping[Area, Step],
        changed: asyncio.Event,
        now: Callable[[], float] = time.time,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._steps = steps
        self._changed = changed
        self._now = now
        self._supervisor = supervisor or Supervisor(changed.set)
        self._started = asyncio.Event()
        self.running = False
        """Whether camera and microphone are wanted open."""
        self.checks: tuple[Check, ...] = ()
        """Empty while nothing is to be shown."""
        self.result: dict[str, str] = {}
        """The last test, by the names of `wire.facts.EndpointFacts`; empty before the first."""

    def start(self) -> None:
        """Begin, unless it is on already."""
        self._started.set()

    async def run(self) -> None:
        """Wait for starts until cancelled."""
        while True:
            await self._started.wait()
            try:
                await self._test()
                await asyncio.sleep(RESULT_SHOWN_S)
            finally:
                self.running = False
            self.checks = ()
            self._started.clear()
            self._changed.set()

    async def _test(self) -> None:
        self.running = True
        self.checks = tuple(Check(area, CheckState.WAITING) for area in self._steps)
        for number, (area, step) in enumerate(self._steps.items()):
            self._show(number, Check(area, CheckState.RUNNING))
            self._show(number, await self._try(area, step))
        self.running = False
        bad = [check for check in self.checks if check.state is CheckState.BAD]
        at = datetime.fromtimestamp(int(self._now()), UTC).isoformat()
        found = ", ".join(check.code or check.area.value for check in bad)
        self.result = {"self_test": found or "good", "self_test_at": at.replace("+00:00", "Z")}
        self._changed.set()

    async def _try(self, area: Area, step: Step) -> Check:
        found: ProblemKey | None = None
        with self._supervisor.contain("self-test"), suppress(TimeoutError):
            async with asyncio.timeout(STEP_DEADLINE_S):
                found = await step()
                if found is None:
                    return Check(area, CheckState.GOOD)
        return Check(area, CheckState.BAD, KINDS[found].code if found else "")

    def _show(self, number: int, check: Check) -> None:
        self.checks = (*self.checks[:number], check, *self.checks[number + 1 :])
        self._changed.set()
