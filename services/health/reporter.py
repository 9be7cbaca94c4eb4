"""Publishes the reports to the province, now or when the line is back."""

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import islice

from appliance.base.mqtt import MQTT_ERRORS, Connection, Message, Refused, Will
from appliance.base.tasks import cancel_and_wait
from appliance.wire.report import Presence, Report, kind_of, print_report
from appliance.wire.report_id import ReportId
from appliance.wire.topics import FROM_PROVINCE, Kind, Topic
from services.health.backlog import Backlog, Item
from services.health.intervals import reconnect_delay_s
from services.health.sent_reports import SentReports

log = logging.getLogger("diemcau.health.reporter")

MAX_WAITING = 200
"""Reports in memory: what comes while one is being sent."""
RESEND_WINDOW_S = 60.0
"""What was sent so shortly before a new connection is sent once more: a broker that was killed may
have acknowledged it and not written it down (mosquitto's autosave)."""
MAX_RESENT = 32
MAX_CONCURRENT = 8
"""Publications under way together: a backlog of a day goes out in seconds over a long line."""
RESEND_PAUSE_S = 3.0
"""Between two handfuls of what a restored province asks for: a thousand sites send at that time,
and each stays well below what the province takes of one."""
LAST_WORD_S = 3.0

Connect = Callable[[Will], AbstractAsyncContextManager[Connection]]


class Reporter:
    """One connection at a time for as long as `run` runs. `send` never waits and never fails.

    `birth` makes the presence of a new connection, `next_id` names the report of its end;
    `on_message` is called with what the province says.
    """

    def __init__(
        self,
        site: str,
        connect: Connect,
        backlog: Backlog,
        *,
        birth: Callable[[], Presence],
        next_id: Callable[[], ReportId],
        on_message: Callable[[Message], None] = lambda _: None,
        seed: str = "",
        sent: SentReports | None = None,
        resend_pause_s: float = RESEND_PAUSE_S,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = site
        self._connect = connect
        self._backlog = backlog
        self._birth = birth
        self._next_id = next_id
        self._on_message = on_message
        self._acknowledged = sent or SentReports()
        self._again: deque[Item] = deque()
        self._resend_pause_s = resend_pause_s
        self._now = now
        self._monotonic = monotonic
        self._random = random.Random(seed or site)  # noqa: S311 - spreads a herd, guards nothing
        self._waiting: deque[Item] = deque(maxlen=MAX_WAITING)
        self._newest: dict[Kind, Item] = {}
        self._sent: deque[tuple[float, Item]] = deque(maxlen=MAX_RESENT)
        self._wake = asyncio.Event()
        self._tries = 0
        self._sending = self._reconnect_now = False
        self._refused: set[Kind] = set()
        self.connected = False
        self.published = 0
        """Reports that the broker acknowledged, without births and repetitions."""

    @property
    def idle(self) -> bool:
        """Whether the broker has every report."""
        return not self._waiting and not self._sending and self._backlog.empty

    def send(self, report: Report) -> None:
        """Publish this as soon as can be."""
        item = Item(kind_of(report), print_report(report))
        self._newest[item.kind] = item
        self._waiting.append(item)
        self._wake.set()

    def resend(self, since: float) -> None:
        """Send again what the broker acknowledged at `since` (POSIX s) or later, little by little,
        new reports first. What is no longer known is not sent."""
        self._again = deque(self._acknowledged.since(since))
        if self._again:
            log.info("near → the province lacks %d reports, sent again", len(self._again))
        self._wake.set()

    def reconnect_now(self) -> None:
        """Connect now rather than at the next try: something has changed for the better."""
        self._tries, self._reconnect_now = 0, True
        self._wake.set()

    async def run(self) -> None:
        """Connect again and again until cancelled."""
        try:
            while True:
                try:
                    await self._connect_once()
                except MQTT_ERRORS as error:
                    self._log_loss(str(error) or type(error).__name__)
                self.connected = False
                await self._wait_offline(self._pause_s())
        finally:
            self.connected = False
            self._backlog.append(self._waiting)
            self._waiting.clear()

    async def _connect_once(self) -> None:
        presence, next_id = self._birth(), self._next_id
        topic = str(Topic(self._site, Kind.PRESENCE))
        gone = print_report(replace(presence, id=next_id(), online=False, reason="lost"))
        async with self._connect(Will(topic, gone)) as connection:
            await connection.publish(topic, print_report(presence), retain=True)
            await connection.subscribe(*(str(Topic(self._site, kind)) for kind in FROM_PROVINCE))
            log.info("near → connected, session %d", presence.session)
            self.connected, self._tries = True, 0
            listening = asyncio.create_task(self._listen(connection), name="broker's word")
            sending = asyncio.create_task(self._send_all(connection), name="reports")
            done: set[asyncio.Task[None]] = set()
            try:
                done, _ = await asyncio.wait(
                    {listening, sending}, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                await cancel_and_wait(listening, sending, retry_s=0.5)
                for task in (listening, sending):  # of one line both may die; one of them is logged
                    if not task.cancelled():
                        task.exception()
                if not done:  # cancelled: the clean end takes the will away, so say it ourselves
                    left = print_report(
                        replace(presence, id=next_id(), online=False, reason="stopping")
                    )
                    with contextlib.suppress(*MQTT_ERRORS):
                        async with asyncio.timeout(LAST_WORD_S):
                            await connection.publish(topic, left, retain=True)
            for task in done:
                task.result()

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.messages():
            self._on_message(message)

    async def _send_all(self, connection: Connection) -> None:
        """The newest of each kind, what may have been lost, the backlog; then each new report."""
        waiting = {id(item) for item in self._waiting}
        for item in [item for item in self._newest.values() if id(item) not in waiting]:
            await self._publish(connection, item, retain=True)
        oldest = self._monotonic() - RESEND_WINDOW_S
        for item in [item for at, item in self._sent if at >= oldest]:
            await self._publish(connection, item, retain=False)
        while True:
            self._wake.clear()
            while self._waiting:
                await self._send_one(connection, self._waiting.popleft())
            if await self._send_kept(connection) or self._waiting:
                continue
            if await self._send_again(connection):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._resend_pause_s):
                        await self._wake.wait()
            else:
                await self._wake.wait()

    async def _send_one(self, connection: Connection, item: Item) -> None:
        self._sending = True
        try:
            await self._publish(connection, item, retain=self._newest.get(item.kind) is item)
        except BaseException:
            self._waiting.appendleft(item)
            raise
        finally:
            self._sending = False
        self._sent.append((self._monotonic(), item))
        self._acknowledged.add(self._now(), item)
        self.published += 1

    async def _send_kept(self, connection: Connection) -> bool:
        """Some of what was kept; whether there was any."""
        if self._backlog.empty:
            return False
        kept = await asyncio.to_thread(self._backlog.first, MAX_CONCURRENT)
        if not kept:
            return False
        async with asyncio.timeout(60.0):
            await asyncio.gather(*(self._publish(connection, item, retain=False) for item in kept))
        await asyncio.to_thread(self._backlog.remove, len(kept))
        for item in kept:
            self._acknowledged.add(self._now(), item)
        self.published += len(kept)
        return True

    async def _send_again(self, connection: Connection) -> bool:
        """Some of what the province asked for; whether there was any."""
        some = list(islice(self._again, MAX_CONCURRENT))
        if some:
            async with asyncio.timeout(60.0):
                await asyncio.gather(
                    *(self._publish(connection, one, retain=False) for one in some)
                )
            for _ in some:
                self._again.popleft()
        return bool(some)

    async def _publish(self, connection: Connection, item: Item, *, retain: bool) -> None:
        try:
            await connection.publish(str(Topic(self._site, item.kind)), item.payload, retain=retain)
        except Refused as error:  # no other try will be taken; the line itself is well
            if item.kind not in self._refused:
                log.warning("%s", error)
            self._refused.add(item.kind)

    async def _wait_offline(self, seconds: float) -> None:
        """Keep on the disk what comes meanwhile."""
        end = self._monotonic() + seconds
        while True:
            self._wake.clear()
            if kept := list(self._waiting):
                self._waiting.clear()
                await asyncio.to_thread(self._backlog.append, kept)
            left = end - self._monotonic()
            if left <= 0 or self._reconnect_now:
                self._reconnect_now = False
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._wake.wait()

    def _pause_s(self) -> float:
        self._tries += 1
        return reconnect_delay_s(self._tries - 1, self._random.random())

    def _log_loss(self, why: str) -> None:
        if self.connected or self._tries == 0:
            log.warning("far ← line to the broker lost: %s", why)
