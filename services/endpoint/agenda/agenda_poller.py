"""Keeps the agenda fresh for as long as the program runs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from appliance.wire.meeting import Meeting
from services.endpoint.agenda.feed import Feed, FeedState

log = logging.getLogger("diemcau.agenda")

LEAST_S = 1.0
"""Between two questions, whatever a feed says of its rhythm."""


class AgendaPoller:
    """One feed, asked at its own rhythm; what it last said is there from the first moment.

    `changed` is called when the agenda or its problem is another.
    """

    def __init__(self, feed: Feed, now: Callable[[], float]) -> None:
        self._feed = feed
        self._now = now
        self._trusted: bool | None = None
        self._ask = asyncio.Event()
        self.changed: Callable[[], None] = lambda: None
        self.state = feed.load(now())

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        """What is believed now."""
        return self.state.agenda.meetings

    def clock(self, now: float, trusted: bool) -> None:
        """The time as it is known; when it becomes trusted the kept feed is read for it anew."""
        if trusted is not self._trusted:
            self._trusted = trusted
            self.state = self._feed.load(now)
            self._ask.set()

    def hurry(self) -> None:
        """Ask now: somebody says that the feed has changed."""
        self._ask.set()

    async def run(self) -> None:
        """Ask again and again until cancelled; a feed's problem is a state, never an exception."""
        while True:
            self._ask.clear()
            before = self.state
            self.state = await self._feed.refresh(self._now())
            self._note(before)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(LEAST_S, self.state.next_s)):
                    await self._ask.wait()

    def _note(self, before: FeedState) -> None:
        if self.state.agenda.meetings != before.agenda.meetings:
            log.info("far ← agenda: %d meetings", len(self.state.agenda.meetings))
        if self.state.detail != before.detail:
            log.info("agenda: %s", self.state.detail or "well again")
        self.changed()
