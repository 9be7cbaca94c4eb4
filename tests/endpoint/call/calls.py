"""A far end in memory: calls that come about, carry media and end as a test says."""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf

from aiortc import MediaStreamTrack, VideoStreamTrack

from appliance.core.decision import CallFact
from appliance.core.end_reasons import EndReason
from appliance.core.problems import ProblemKey
from appliance.dialers.api import CallStatistics, Change, DialError, FarFloor
from appliance.wire.meeting import Meeting
from services.endpoint.call.call_keeper import CallKeeper
from tests.endpoint.noting_event import NotingEvent


class MemoryCall:
    """See `appliance.dialers.api.Call`; ``leaves_s`` is how long the far end takes to let go."""

    def __init__(self, *, alone: bool = False, leaves_s: float = 0.0) -> None:
        self.video: MediaStreamTrack | None = None if alone else VideoStreamTrack()
        self.audio: MediaStreamTrack | None = None
        self.floor = FarFloor()
        self.alone: bool | None = alone
        self.problems: dict[ProblemKey, str] = {}
        self.heard_at = float("-inf")
        self.ended: EndReason | None = None
        self.detail = ""
        self.hung_up = 0
        self._leaves_s = leaves_s
        self._change = Change()

    def end(self, reason: EndReason, detail: str) -> None:
        """The far end ends the call."""
        self.ended, self.detail = reason, detail
        self._change.tell()

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._change.wait()

    async def set_hand(self, up: bool) -> None:
        """Nobody sees it."""

    async def set_mic(self, live: bool) -> None:
        """Nobody hears it."""

    async def set_returned(self, returned: bool) -> None:
        """Nobody takes note."""

    async def hang_up(self) -> None:
        """Leave."""
        self.hung_up += 1
        await asyncio.sleep(self._leaves_s)

    def statistics(self) -> CallStatistics:
        """Nothing was measured."""
        return CallStatistics()


Answer = MemoryCall | DialError | None
"""What comes of dialling: a call, an error, or no answer at all."""


class FarEnd:
    """Answers one dial after another; the last answer is given for ever."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = answers
        self.dialled: list[tuple[float, str]] = []
        self.facts: list[CallFact] = []

    async def dial(self, meeting: Meeting) -> MemoryCall:
        """The next answer."""
        self.dialled.append((asyncio.get_running_loop().time(), meeting.address))
        answer = self._answers[min(len(self.dialled), len(self._answers)) - 1]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, MemoryCall):
            return answer
        assert answer is not None
        raise answer

    def keeper(self, *, spread: float = 0.0, uptime_s: float = inf) -> CallKeeper:
        """One that dials here; each `CallFact` it comes to is in ``facts``."""

        def note() -> None:
            if not self.facts or self.facts[-1] != keeper.fact:
                self.facts.append(keeper.fact)

        keeper = CallKeeper(
            self.dial, NotingEvent(note), seed="ia-kly", spread=spread, uptime_s=uptime_s
        )
        return keeper


async def keeping(keeper: CallKeeper, story: Callable[[], Awaitable[None]]) -> None:
    """The story, while the keeper runs."""
    running = asyncio.create_task(keeper.run())
    try:
        await story()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
