"""One simulated site: the real reporter over the real broker, and a `Behaviour` for its box."""

import asyncio
import contextlib
import itertools
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
from appliance.base.tls.province import client_tls
from appliance.wire.calendar.feed_problem import FeedError
from appliance.wire.report import Hand, Health, Meeting, Presence
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.health.backlog import Backlog
from services.health.intervals import report_interval_s
from services.health.province_messages import ProvinceMessages
from services.health.reporter import Reporter
from services.health.sent_reports import SentReports
from services.simulate.behaviour import Activity, Behaviour, SimulatedMeeting
from services.simulate.feed import REFRESH_S, RETRY_S, Feed
from services.simulate.tally import Tally

MAX_HANDSHAKES = 8
KEPT_BYTES = 256 * 1024
"""Of what was sent, for a province that is restored; a box keeps more, but thousands are here."""


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """The broker, and the authority that both sides trust."""

    broker: BrokerAddress
    ca: Path
    keepalive_s: int = KEEPALIVE_S
    will_delay_s: int = WILL_DELAY_S
    """Both are shorter for tests that wait for the broker to miss somebody."""
    handshakes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_HANDSHAKES))
    """Limits handshakes under way together: a box has a processor of its own, and thousands in one
    process that all begin at once keep one another from ending."""


class SimulatedSite:
    """Reports for as long as `run` runs; `cut_off` takes its line or power away."""

    def __init__(
        self,
        number: int,
        name: str,
        access: BrokerAccess,
        folder: Path,
        tally: Tally,
        *,
        meeting: SimulatedMeeting | None = None,
        feed: Feed | None = None,
        interval_s: float | None = None,
    ) -> None:
        self.name = name
        self._access = access
        self._folder = folder
        self._tally = tally
        self._meeting = meeting
        self._feed = feed
        self._calm_s = interval_s
        self._behaviour = Behaviour(number)
        self._number = number
        self._boot_id = ""
        self._seqs = itertools.count()
        self._connection: Connection | None = None
        self._cut_off = False
        self._reporting: asyncio.Task[None] | None = None
        self._province_messages = ProvinceMessages(time.time, lambda: None, self._resend)
        self._notified, self._replanned = asyncio.Event(), asyncio.Event()
        self.reporter = self._new_reporter()

    @property
    def connected(self) -> bool:
        """Whether it has a connection as far as it knows."""
        return self.reporter.connected and not self._cut_off

    async def run(self) -> None:
        """Report until cancelled; a power cut is a cancelled run and another."""
        sending = asyncio.create_task(self.reporter.run(), name=self.name)
        self._reporting = reporting = asyncio.create_task(
            self._report(), name=f"reports of {self.name}"
        )
        parts = {sending, reporting}
        if self._feed is not None:
            reading = self._follow(self._feed)
            parts.add(asyncio.create_task(reading, name=f"agenda of {self.name}"))
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if reporting.cancelled():
                await sending  # what was reported is still sent
        finally:
            await cancel_and_wait(*parts)
        for task in parts:
            if not task.cancelled():
                task.result()

    def stop_reporting(self) -> None:
        """Report nothing new; what was reported is sent."""
        if self._reporting is not None:
            self._reporting.cancel()

    def cut_off(self) -> None:
        """The line goes dead without a DISCONNECT. The site notices as late as a box does."""
        self._cut_off = True
        if self._connection is not None:
            self._connection.drop_silently()

    def _new_reporter(self) -> Reporter:
        self._boot_id = str(uuid.uuid4())
        self._seqs = itertools.count(1)
        return Reporter(
            self.name,
            self._connect,
            Backlog(self._folder / self.name),
            birth=self._birth,
            next_id=self._next_id,
            on_message=self._on_message,
            seed=f"{self.name} {self._boot_id}",
            sent=SentReports(KEPT_BYTES),
        )

    async def _report(self) -> None:
        began = time.time()
        before: Activity | None = None
        # Boxes are switched on at any second of a minute, not all at the same one.
        health_at = began + self._interval("idle") * ((self._number * 0.618) % 1.0)
        while True:
            now = time.time()
            self._replanned.clear()
            activity = self._behaviour.activity(now, self._meeting)
            if before is None or activity.phase != before.phase or now >= health_at:
                self._report_meeting(activity)
            if before is None or bool(activity.hand_since) != bool(before.hand_since):
                self._report_hand(activity)
            if before is None or now >= health_at:
                self._report_health(now, began)
                health_at = max(now, health_at + self._interval(activity.phase))
            before = activity
            due = min(health_at, self._behaviour.changes_at(now, self._meeting))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.001, due - time.time())):
                    await self._replanned.wait()

    def _interval(self, phase: str) -> float:
        return self._calm_s or report_interval_s(phase)

    def _report_health(self, now: float, began: float) -> None:
        report_id = self._next_id()
        self._tally.health_reports += 1
        self._tally.report_names.add((self.name, report_id.boot_id, report_id.seq))
        self._tally.event_log.note(self.name, "health", boot=report_id.boot_id, seq=report_id.seq)
        tested_at = datetime.fromtimestamp(began, UTC).isoformat()
        facts = {
            "release": "2026.11.1", "slot": "A", "reboot": "wanted",
            "selftest": "good", "selftest_at": tested_at,
        }  # fmt: skip
        figures = self._behaviour.figures(now, self._meeting)
        self.reporter.send(Health(report_id, self._behaviour.alarms(began), figures, facts))

    def _report_meeting(self, activity: Activity) -> None:
        self.reporter.send(
            Meeting(self._next_id(), activity.phase, activity.meeting, activity.call, line="good")
        )

    def _report_hand(self, activity: Activity) -> None:
        up = activity.hand_since > 0
        self.reporter.send(
            Hand(self._next_id(), up, round(activity.hand_since, 3), activity.meeting)
        )

    def _next_id(self) -> ReportId:
        return ReportId(round(time.time(), 3), self._boot_id, next(self._seqs))

    def _birth(self) -> Presence:
        report_id = self._next_id()
        return Presence(
            report_id, online=True, session=report_id.seq, serial=self._behaviour.serial,
            model="simulated", release="2026.11.1", slot="A",
        )  # fmt: skip

    @asynccontextmanager
    async def _connect(self, will: Will) -> AsyncIterator[Connection]:
        if self._cut_off:
            raise OSError("the line is cut off")
        access = self._access
        async with contextlib.AsyncExitStack() as stack:
            async with access.handshakes:
                tls = client_tls(access.ca, self._folder / f"{self.name}.pem")
                attempt = connect(
                    access.broker,
                    self.name,
                    tls,
                    will,
                    will_delay_s=access.will_delay_s,
                    keepalive_s=access.keepalive_s,
                )
                self._connection = await stack.enter_async_context(attempt)
            self._tally.connections += 1
            self._tally.event_log.note(self.name, "connected")
            try:
                yield self._connection
            finally:
                self._connection = None

    def _resend(self, since: float) -> None:
        self.reporter.resend(since)

    def _on_message(self, message: Message) -> None:
        self._province_messages.receive(message)
        if message.topic.endswith(f"/{Kind.NUDGE}"):
            self._tally.nudges += 1
            self._tally.event_log.note(self.name, "nudge")
            self._notified.set()

    async def _follow(self, feed: Feed) -> None:
        """Read the agenda, and read it again when notified or when it is old."""
        while True:
            self._notified.clear()
            read = self._cut_off or await self._read(feed)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_S if read else RETRY_S):
                    await self._notified.wait()

    async def _read(self, feed: Feed) -> bool:
        event_log = self._tally.event_log
        try:
            read = await feed.read()
        except (httpx.HTTPError, FeedError) as error:
            event_log.note(self.name, "no feed", why=f"{type(error).__name__}: {error}"[:200])
            return False
        self._tally.feed_ms.append(1000 * read.took_s)
        event_log.note(self.name, "feed", status=read.status, sequence=read.sequence)
        if feed.meeting != self._meeting:
            self._meeting = feed.meeting
            self._replanned.set()
        return True
