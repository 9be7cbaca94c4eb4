"""Keeps the agenda fresh for as long as the program runs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from appliance.core.redial import own_doors
from appliance.wire.meeting import Meeting
from services.card.needs import needs_of, write_needs
from services.endpoint.agenda.feed import Feed, FeedState

log = logging.getLogger("diemcau.agenda")

MIN_INTERVAL_S = 1.0
"""Between two polls, whatever interval a feed asks for."""


class AgendaPoller:
    """Polls one feed in the feed's own interval; what it last said is there from the start.

    `changed` is set after each poll: the agenda or its problem may be another.
    """

    def __init__(
        self,
        feed: Feed,
        now: Callable[[], float],
        changed: asyncio.Event,
        needs: Path | None = None,
        *,
        seed: str = "",
    ) -> None:
        """`needs` is the folder in which is kept what the meetings need of the settings.

        `seed` is the site's id, by which its doors open a little later than another's; without one
        they open when the feed says.
        """
        self._seed = seed
        self._feed = feed
        self._needs = needs
        self._now = now
        self._changed = changed
        self._trusted: bool | None = None
        self._due = asyncio.Event()
        self._polled = False
        self.state = feed.load(now())

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        """What is believed now, with the doors of this site."""
        if not self._seed:
            return self.state.agenda.meetings
        return tuple(
            replace(one, doors_s=own_doors(one.doors_s, self._seed))
            for one in self.state.agenda.meetings
        )

    def set_clock(self, now: float, trusted: bool) -> None:
        """The time as it is known; when it becomes trusted the kept feed is read for it anew."""
        if trusted is not self._trusted:
            self._trusted = trusted
            self.state = self._feed.load(now, hour_known=trusted)
            self._due.set()

    def poll_now(self) -> None:
        """Somebody says that the feed has changed."""
        self._due.set()

    async def run(self) -> None:
        """Poll until cancelled; a feed's problem is a state, never an exception."""
        while True:
            self._due.clear()
            before = self.state
            self.state = await self._feed.refresh(self._now())
            self._log(before)
            await asyncio.to_thread(self._keep_needs)
            self._changed.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(MIN_INTERVAL_S, self.state.next_s)):
                    await self._due.wait()

    def _keep_needs(self) -> None:
        if self._needs is None or self.state.fetched_at is None:
            return
        try:
            write_needs(self._needs, needs_of(self.meetings))
        except OSError as error:
            # The feed itself goes there, too: that the disk takes nothing is told by its problem.
            log.info("what the meetings need is not kept: %s", error.strerror)

    def _log(self, before: FeedState) -> None:
        if self.state.agenda.meetings != before.agenda.meetings:
            log.info("far ← agenda: %d meetings", len(self.state.agenda.meetings))
        known = frozenset(before.agenda.problems) if self._polled else frozenset()
        for problem in self.state.agenda.problems:
            if problem not in known:
                log.warning("agenda: %s", problem)
        self._polled = True
        if self.state.detail != before.detail:
            log.info("agenda: %s", self.state.detail or "well again")
