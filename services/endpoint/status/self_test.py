"""The self-test that a long press starts: what a technician would try, shown line by line.

A rehearsal that the province asks for is the same and a call: its last line is the meeting server.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from appliance.base.supervisor import Supervisor
from appliance.core.problems import KINDS, Area, ProblemKey
from appliance.core.scenes import Check, CheckState
from appliance.wire.meeting import Meeting
from services.endpoint.call.rehearsal_call import CallResult, RehearsalCall

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
        *,
        rehearsal_call: RehearsalCall | None = None,
    ) -> None:
        self._steps = steps
        self._changed = changed
        self._now = now
        self._supervisor = supervisor or Supervisor(changed.set)
        self._started = asyncio.Event()
        self._rehearsal_call = rehearsal_call
        self._meeting: Meeting | None = None
        self._testing: asyncio.Task[None] | None = None
        self.running = False
        """Whether camera and microphone are wanted open."""
        self.checks: tuple[Check, ...] = ()
        """Empty while nothing is to be shown."""
        self.result: dict[str, str] = {}
        """The last test, by the names of `wire.facts.EndpointFacts`; empty before the first."""

    def start(self) -> None:
        """Begin, unless it is on already."""
        self._started.set()

    def rehearse(self, meeting: Meeting) -> None:
        """Begin with `meeting`'s call as the last step, unless a test is on already."""
        if not self._started.is_set():
            self._meeting = meeting
            self._started.set()

    def stop(self) -> None:
        """End at once and find nothing: a meeting needs what is being tried."""
        if self._testing is not None:
            self._testing.cancel()

    async def run(self) -> None:
        """Wait for starts until cancelled."""
        while True:
            await self._started.wait()
            self._testing = asyncio.create_task(self._test(self._meeting), name="self-test")
            try:
                await asyncio.wait({self._testing})
                if not self._testing.cancelled():
                    self._testing.result()
                    await asyncio.sleep(RESULT_SHOWN_S)
            finally:
                self._testing.cancel()
                self.running = False
            self._testing = self._meeting = None
            self.checks = ()
            self._started.clear()
            self._changed.set()

    async def _test(self, meeting: Meeting | None) -> None:
        self.running = True
        areas = [*self._steps] + ([Area.MEETING] if meeting is not None else [])
        self.checks = tuple(Check(area, CheckState.WAITING) for area in areas)
        for number, (area, step) in enumerate(self._steps.items()):
            self._show(number, Check(area, CheckState.RUNNING))
            self._show(number, await self._try(area, step))
        call = None
        if meeting is not None and self._rehearsal_call is not None:
            self._show(len(areas) - 1, Check(Area.MEETING, CheckState.RUNNING))
            call = await self._rehearsal_call.run(meeting)
            self._show(len(areas) - 1, _check(Area.MEETING, call.problem))
        self.running = False
        self.result = self.result | self._result(call)
        self._changed.set()

    def _result(self, call: CallResult | None) -> dict[str, str]:
        bad = [check for check in self.checks if check.state is CheckState.BAD]
        at = datetime.fromtimestamp(int(self._now()), UTC).isoformat().replace("+00:00", "Z")
        found = ", ".join(check.code or check.area.value for check in bad) or "good"
        if call is None:
            return {"self_test": found, "self_test_at": at}
        return {"rehearsal": found, "rehearsal_at": at, "rehearsal_call": call.text}

    async def _try(self, area: Area, step: Step) -> Check:
        with self._supervisor.contain("self-test"), suppress(TimeoutError):
            async with asyncio.timeout(STEP_DEADLINE_S):
                return _check(area, await step())
        return Check(area, CheckState.BAD)

    def _show(self, number: int, check: Check) -> None:
        self.checks = (*self.checks[:number], check, *self.checks[number + 1 :])
        self._changed.set()


def _check(area: Area, found: ProblemKey | None) -> Check:
    if found is None:
        return Check(area, CheckState.GOOD)
    return Check(area, CheckState.BAD, KINDS[found].code)
