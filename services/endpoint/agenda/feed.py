"""The agenda of this site from its feed: fetched, doubted, kept, and there from the first second.

Whatever goes wrong with the feed, the agenda that was last believed stays; what went wrong is a
problem with the feed's age. No task runs in here: the endpoint asks `Feed.refresh` and waits as
long as the answer says.
"""

import asyncio
import contextlib
import random
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import httpx

from appliance.wire.calendar.agenda import Agenda, read_agenda
from appliance.wire.calendar.feed_problem import FeedError, FeedProblem
from services.endpoint.agenda import feed_fetch
from services.endpoint.agenda.feed_cache import Kept, read_kept, write_kept
from services.endpoint.agenda.feed_fetch import FETCH_DEADLINE_S, Fetched, Mark, fetch
from services.endpoint.agenda.feed_sanity import CONFIRM_AFTER_S, Doubt, judge, poll_interval_s

LOOK_BACK_S = 24 * 3600.0
"""A meeting may have begun that long ago and still run (`event.MAX_LENGTH`)."""

LOOK_AHEAD_S = 14 * 24 * 3600.0
"""What a site looks ahead: the next meeting on the screen, and a working week for updates."""

LOOK_AHEAD_UNKNOWN_S = 60 * 24 * 3600.0
"""The same where the hour is not known: a box that is switched on for a meeting a month is in the
hour at which it was switched off, and what is on now lies far ahead of that."""

REREAD_S = 6 * 3600.0
"""After so long an unchanged feed is read again, for occurrences that have come into sight."""

REWRITE_S = 3600.0
"""How old the time of the last fetch may grow in the file, which is on an SD card."""

READ_DEADLINE_S = 60.0
"""A feed of the largest size on the slowest board takes about a third of this."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """The agenda to go by, and how far it can be relied on."""

    agenda: Agenda
    fetched_at: float | None  # POSIX s, when the source last said this; None: never
    problem: FeedProblem | None = None  # why the newest attempt did not count
    detail: str | None = None  # the same as a sentence
    next_s: float = 0.0  # seconds until it is worth asking again
    write_errno: int | None = None  # of NOT_KEPT: why the disk did not take it (errno(3))

    def age_s(self, now: float) -> float | None:
        """Seconds since the source last said this; None: never."""
        return None if self.fetched_at is None else max(0.0, now - self.fetched_at)


@dataclass(frozen=True, slots=True)
class _Doubtful:
    body: bytes
    mark: Mark
    doubt: Doubt


class Feed:
    """One feed and what is known of it; `load` once, then `refresh` again and again.

    `source` is an http(s) URL, ``file:…`` or a path; `folder` the place on the data partition;
    `zone` and `hosts` as in `read_agenda`; `ca` a file with a private certificate authority,
    `proxy` an HTTP proxy.
    A client that is given in `http` is not closed here.
    """

    def __init__(
        self,
        source: str,
        folder: Path,
        *,
        zone: ZoneInfo,
        hosts: frozenset[str] = frozenset(),
        ca: str = "",
        proxy: str = "",
        http: httpx.AsyncClient | None = None,
        deadline_s: float = FETCH_DEADLINE_S,
        confirm_after_s: float = CONFIRM_AFTER_S,
    ) -> None:
        self._source, self._folder = source, folder
        self._zone, self._hosts = zone, hosts
        self._owns_http = http is None
        self._http = feed_fetch.client(ca, proxy) if http is None else http
        self._deadline_s, self._confirm_after_s = deadline_s, confirm_after_s
        self._kept: Kept | None = None
        self._doubtful: _Doubtful | None = None
        self._state = FeedState(
            Agenda(), None, FeedProblem.NOT_YET, "no agenda has been fetched so far"
        )
        self._read_at = 0.0
        self._look_ahead_s = LOOK_AHEAD_S
        self._written_at: float | None = None
        self._random = random.Random()  # noqa: S311 - spreads the polls, guards nothing

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._owns_http:
            await self._http.aclose()

    @property
    def state(self) -> FeedState:
        """The newest answer."""
        return self._state

    def load(self, now: float, *, hour_known: bool = True) -> FeedState:
        """The agenda kept from before the start, at once and without the network.

        Also to be asked when the clock has jumped: it reads what is kept for the new time.
        """
        self._look_ahead_s = LOOK_AHEAD_S if hour_known else LOOK_AHEAD_UNKNOWN_S
        if self._kept is None:
            self._kept = read_kept(self._folder, self._source)
            self._written_at = self._kept.fetched_at if self._kept else None
        if self._kept is not None:
            try:
                agenda = self._read(self._kept.body, now)
            except FeedError:
                self._kept = None  # kept by an older release with other limits
            else:
                known = self._state.problem not in (None, FeedProblem.NOT_YET)
                self._read_at = now
                self._state = FeedState(
                    agenda,
                    self._kept.fetched_at,
                    self._state.problem if known else None,
                    self._state.detail if known else None,
                )
        return self._state

    async def refresh(self, now: float) -> FeedState:
        """Ask the source; never raises for what a source can do."""
        try:
            fetched = await fetch(
                self._source, self._mark(), self._http, deadline_s=self._deadline_s
            )
            await self._judge(fetched, now)
        except FeedError as error:
            await self._fail(error.problem, str(error), now)
        return self._state

    async def _judge(self, fetched: Fetched, now: float) -> None:
        doubtful, kept = self._doubtful, self._kept
        if doubtful is None and kept is not None and fetched.body in (None, kept.body):
            await self._accept(Kept(kept.body, fetched.mark, now), now)
            return
        body = fetched.body if fetched.body is not None else doubtful.body if doubtful else b""
        received = await self._read_in_thread(body, now)
        if kept is not None:
            believed = await self._read_in_thread(kept.body, now)
            before = doubtful.doubt if doubtful else None
            doubt = judge(believed, received, before, now, confirm_after_s=self._confirm_after_s)
            if doubt is not None:
                self._doubtful = _Doubtful(body, fetched.mark, doubt)
                ahead = sum(meeting.end > now for meeting in believed.meetings)
                detail = (
                    f"the feed has lost {len(doubt.lost)} of {ahead} meetings ahead; the old ones"
                    " are kept until it says so again"
                )
                await self._fail(FeedProblem.SHRUNKEN, detail, now)
                return
        await self._accept(Kept(body, fetched.mark, now), now, agenda=received)

    async def _accept(self, kept: Kept, now: float, *, agenda: Agenda | None = None) -> None:
        before, self._kept, self._doubtful = self._kept, kept, None
        await self._reread(now, agenda)
        self._state = FeedState(
            self._state.agenda,
            kept.fetched_at,
            next_s=poll_interval_s(self._state.agenda.refresh_s, self._random.random()),
        )
        same = before is not None and (before.body, before.mark) == (kept.body, kept.mark)
        if same and self._written_at is not None and now - self._written_at < REWRITE_S:
            return
        try:
            await asyncio.to_thread(write_kept, self._folder, self._source, kept)
            self._written_at = now
        except OSError as error:
            self._written_at = None
            why = f"the agenda cannot be kept for the next start: {error.strerror or error}"
            await self._fail(FeedProblem.NOT_KEPT, why, now)
            self._state = replace(self._state, write_errno=error.errno)

    async def _fail(self, problem: FeedProblem, detail: str, now: float) -> None:
        with contextlib.suppress(FeedError):  # then what was read before is still what there is
            await self._reread(now, None)
        doubted = problem is FeedProblem.SHRUNKEN
        pause = poll_interval_s(
            self._state.agenda.refresh_s, self._random.random(), doubted=doubted
        )
        self._state = replace(
            self._state, problem=problem, detail=detail, next_s=pause, write_errno=None
        )

    async def _reread(self, now: float, agenda: Agenda | None) -> None:
        """Set `agenda`, or read the kept feed again where new occurrences have come into sight."""
        if agenda is None and self._read_at and 0.0 <= now - self._read_at < REREAD_S:
            return
        if agenda is None and self._kept is not None:
            agenda = await self._read_in_thread(self._kept.body, now)
        if agenda is not None:
            self._read_at = now
            self._state = replace(self._state, agenda=agenda)

    def _mark(self) -> Mark:
        if self._doubtful is not None:
            return self._doubtful.mark
        return self._kept.mark if self._kept is not None else Mark()

    def _read(self, body: bytes, now: float) -> Agenda:
        return read_agenda(
            body,
            begin=now - LOOK_BACK_S,
            end=now + self._look_ahead_s,
            zone=self._zone,
            hosts=self._hosts,
        )

    async def _read_in_thread(self, body: bytes, now: float) -> Agenda:
        """Read in a thread: a large feed takes seconds, in which a call must go on."""
        try:
            async with asyncio.timeout(READ_DEADLINE_S):
                return await asyncio.to_thread(self._read, body, now)
        except TimeoutError as error:
            slow = f"the feed cannot be read within {READ_DEADLINE_S:g} s"
            raise FeedError(FeedProblem.TOO_SLOW, slow) from error
