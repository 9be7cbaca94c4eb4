"""One made-up site: the real reporter over the real broker, and a life in place of a box."""

import asyncio
import contextlib
import itertools
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from appliance.base.mqtt import (
    KEEPALIVE_S,
    WILL_DELAY_S,
    BrokerAddress,
    Connection,
    Message,
    Will,
    connect,
)
from appliance.base.tasks import cancel_and_wait
from appliance.wire.calendar.feed_problem import FeedError
from appliance.wire.report import Hand, Health, Meeting, Presence
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.health.backlog import Backlog
from services.health.credentials import client_tls
from services.health.intervals import report_interval_s
from services.health.reporter import Reporter
from services.simulate.diary import Diary
from services.simulate.feed import REFRESH_S, RETRY_S, Feed
from services.simulate.life import Appointment, Doing, Life

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Where:
    """The broker, and the authority that both sides believe."""

    broker: BrokerAddress
    ca: Path
    keepalive_s: int = KEEPALIVE_S
    will_delay_s: int = WILL_DELAY_S
    """Both are shorter for tests that wait for the broker to miss somebody."""
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    """Handshakes under way together: a box has a processor of its own, and thousands in one process
    that all begin at once keep one another from ending."""


@dataclass(slots=True)
class Tally:
    """What the sites of a run did, all together."""

    said: int = 0
    nudges: int = 0
    connections: int = 0
    names: set[tuple[str, str, int]] = field(default_factory=set)
    """Each health report that was said: site, boot, seq."""
    feed_ms: list[float] = field(default_factory=list)
    diary: Diary = field(default_factory=Diary)


class SimulatedSite:
    """`run` lives until cancelled; `vanish` and `come_back` are what the weather does."""

    def __init__(
        self,
        number: int,
        name: str,
        where: Where,
        folder: Path,
        tally: Tally,
        *,
        meeting: Appointment | None = None,
        feed: Feed | None = None,
        calm_s: float | None = None,
    ) -> None:
        self.name = name
        self._where = where
        self._folder = folder
        self._tally = tally
        self._meeting = meeting
        self._feed = feed
        self._calm_s = calm_s
        self._life = Life(number)
        self._number = number
        self._boot_id = ""
        self._seqs = itertools.count()
        self._connection: Connection | None = None
        self._gone = False
        self._living: asyncio.Task[None] | None = None
        self._nudged, self._replanned = asyncio.Event(), asyncio.Event()
        self.reporter = self._started()

    @property
    def connected(self) -> bool:
        """Whether it believes so itself."""
        return self.reporter.connected and not self._gone

    async def run(self) -> None:
        """Report until cancelled; a power cut is a cancelled run and another."""
        speaking = asyncio.create_task(self.reporter.run(), name=self.name)
        self._living = living = asyncio.create_task(self._live(), name=f"life of {self.name}")
        parts = {speaking, living}
        if self._feed is not None:
            reading = self._follow(self._feed)
            parts.add(asyncio.create_task(reading, name=f"agenda of {self.name}"))
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if living.cancelled():
                await speaking  # hushed: what was said is still sent
        finally:
            await cancel_and_wait(*parts)
        for task in parts:
            if not task.cancelled():
                task.result()

    def hush(self) -> None:
        """Say nothing new; what was said is sent."""
        if self._living is not None:
            self._living.cancel()

    def vanish(self) -> None:
        """The line is dead without a word. The site itself notices as late as a box does."""
        self._gone = True
        if self._connection is not None:
            self._connection.drop_silently()

    def _started(self) -> Reporter:
        self._boot_id = str(uuid.uuid4())
        self._seqs = itertools.count(1)
        return Reporter(
            self.name,
            self._connect,
            Backlog(self._folder / self.name),
            birth=self._birth,
            next_id=self._next_id,
            on_message=self._hear,
            seed=f"{self.name} {self._boot_id}",
        )

    async def _live(self) -> None:
        began = time.time()
        before: Doing | None = None
        # All were switched on at some second of a minute, not all at this one.
        health_at = began + self._period("idle") * ((self._number * 0.618) % 1.0)
        while True:
            now = time.time()
            self._replanned.clear()
            doing = self._life.doing(now, self._meeting)
            if before is None or doing.phase != before.phase or now >= health_at:
                self._say_meeting(doing)
            if before is None or bool(doing.hand_since) != bool(before.hand_since):
                self._say_hand(doing)
            if before is None or now >= health_at:
                self._say_health(now, began)
                health_at = max(now, health_at + self._period(doing.phase))
            before = doing
            due = min(health_at, self._life.changes_at(now, self._meeting))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.001, due - time.time())):
                    await self._replanned.wait()

    def _period(self, phase: str) -> float:
        return self._calm_s or report_interval_s(phase)

    def _say_health(self, now: float, began: float) -> None:
        report_id = self._next_id()
        self._tally.said += 1
        self._tally.names.add((self.name, report_id.boot_id, report_id.seq))
        self._tally.diary.note(self.name, "health", boot=report_id.boot_id, seq=report_id.seq)
        facts = {"release": "2026.11.1", "slot": "A", "reboot": "wanted"}
        figures = self._life.figures(now, self._meeting)
        self.reporter.send(Health(report_id, self._life.alarms(began), figures, facts))

    def _say_meeting(self, doing: Doing) -> None:
        self.reporter.send(
            Meeting(self._next_id(), doing.phase, doing.meeting, doing.call, line="good")
        )

    def _say_hand(self, doing: Doing) -> None:
        up = doing.hand_since > 0
        self.reporter.send(Hand(self._next_id(), up, round(doing.hand_since, 3), doing.meeting))

    def _next_id(self) -> ReportId:
        return ReportId(round(time.time(), 3), self._boot_id, next(self._seqs))

    def _birth(self) -> Presence:
        report_id = self._next_id()
        return Presence(
            report_id, online=True, session=report_id.seq, serial=self._life.serial,
            model="simulated", release="2026.11.1", slot="A",
        )  # fmt: skip

    @asynccontextmanager
    async def _connect(self, will: Will) -> AsyncIterator[Connection]:
        if self._gone:
            raise OSError("the line is dead")
        where = self._where
        async with contextlib.AsyncExitStack() as stack:
            async with where.turns:
                tls = client_tls(where.ca, self._folder / f"{self.name}.pem")
                attempt = connect(
                    where.broker,
                    self.name,
                    tls,
                    will,
                    will_delay_s=where.will_delay_s,
                    keepalive_s=where.keepalive_s,
                )
                self._connection = await stack.enter_async_context(attempt)
            self._tally.connections += 1
            self._tally.diary.note(self.name, "connected")
            try:
                yield self._connection
            finally:
                self._connection = None

    def _hear(self, message: Message) -> None:
        if message.topic.endswith(f"/{Kind.NUDGE}"):
            self._tally.nudges += 1
            self._tally.diary.note(self.name, "nudge")
            self._nudged.set()

    async def _follow(self, feed: Feed) -> None:
        """Read the agenda, and read it again when nudged or when it is old."""
        while True:
            self._nudged.clear()
            read = self._gone or await self._read(feed)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_S if read else RETRY_S):
                    await self._nudged.wait()

    async def _read(self, feed: Feed) -> bool:
        diary = self._tally.diary
        try:
            read = await feed.read()
        except (httpx.HTTPError, FeedError) as error:
            diary.note(self.name, "no feed", why=f"{type(error).__name__}: {error}"[:200])
            return False
        self._tally.feed_ms.append(1000 * read.took_s)
        diary.note(self.name, "feed", status=read.status, sequence=read.sequence)
        if feed.meeting != self._meeting:
            self._meeting = feed.meeting
            self._replanned.set()
        return True
