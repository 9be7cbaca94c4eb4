"""Stores the sites' reports, and acknowledges them to the broker only when they are stored.

Messages are taken in batches, one transaction each, and only then acknowledged (MQTT 5, 4.3.2): the
broker keeps and repeats whatever was not, so the program may be killed at any moment. A report that
is stored twice is one report, by its id. Two copies of the program share the work by a shared
subscription (4.8.2); each of them has a certificate of its own, by which the broker knows it.

The broker has one queue for all sites. So what a site sends beyond its bounds is acknowledged and
counted at once, while a batch is being stored, too, and the broker is told to take no more of it
for a while (`pauses`); the sites are stored in turn, and a batch is bounded in number and size.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, Connection, Message, Refused, connect
from appliance.base.tasks import cancel_and_wait
from appliance.wire.desired import Desired
from appliance.wire.fields import WireError
from appliance.wire.report import Presence, parse_report
from appliance.wire.topics import FROM_SITE, ROOT, Kind, Topic, TopicError, all_sites_filter
from services.province.bounds import Buckets, Rate
from services.province.broker.batch_writer import BatchWriter, Incoming, Store
from services.province.broker.configuration import PROVINCE
from services.province.broker.duplicate_devices import SiteBoots, after_presence
from services.province.broker.fair_queue import FairQueue
from services.province.broker.pauses import (
    CONTROL_TOPIC,
    PAUSE_S,
    Pauses,
    pause_command,
    resume_command,
)
from services.province.broker.site_bounds import SiteBounds
from services.province.passed_over import Part, Tell, untold

log = logging.getLogger("diemcau.province.ingest")

SHARE_NAME = "province"
MAX_BATCH = 200
"""As many as the broker sends without an acknowledgement (max_inflight_messages)."""
MAX_BATCH_BYTES = 1_000_000
"""Of one transaction, so that it is over within a second and others may write."""
PAUSE_POLL_S = 1.0
"""Between two looks at whose pause is over."""
CALM_S = PAUSE_S + 10.0
"""After a flood the broker may have dropped reports of others: so long after it, all sites' newest
are asked for (they are retained). Who floods again after each pause does not cause it each time."""
SUSPICIONS = Rate(per_s=1 / 600, burst=3.0)
"""Lines in the audit log of two devices that speak in turn."""
STORE_TIMEOUT_S = 60.0
SESSION_EXPIRY_S = 7 * 86_400
RESPONSE_TIMEOUT_S = 15.0
MIN_RETRY_S, MAX_RETRY_S = 0.5, 10.0


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """The broker, and who this copy of the program is to it."""

    broker: BrokerAddress
    tls: Callable[[], ssl.SSLContext]
    """Called for each connection: the certificate may have been renewed. Raises `OSError`."""
    name: str = PROVINCE
    """The certificate's common name, which the broker takes as client identifier in any case."""
    shared: bool = False
    """Whether several copies divide the messages among them."""


@dataclass(slots=True)
class IngestCounts:
    """For ``/metrics``, since the start; `newest_at` is when the last batch was read (POSIX s)."""

    stored: int = 0
    refused: int = 0
    flooded: int = 0
    lost_connections: int = 0
    connected: bool = False
    newest_at: float = 0.0


class Ingest:
    """Connects for as long as `run` runs; what goes out to the sites uses the same connection.

    `alarm` is called, in a thread, with a site and a reason when two devices have one identity;
    `tell` with each message that is passed over.
    """

    def __init__(
        self,
        identity: ClientIdentity,
        store: Store,
        *,
        alarm: Callable[[str, str], None] = lambda _site, _reason: None,
        tell: Tell = untold,
        pause_s: float = PAUSE_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._alarm = alarm
        self._now = now
        self._connection: Connection | None = None
        self._tell = tell
        self._writer = BatchWriter(store, self._refuse_stored)
        self._bounds = SiteBounds()
        self._queue = FairQueue()
        self._sorted, self._exceeded = asyncio.Event(), asyncio.Event()
        self._pauses = Pauses(pause_s)
        self._flooded_at: float | None = None
        self._suspicions = Buckets(SUSPICIONS)
        self._boots: dict[str, SiteBoots] = {}
        self.counts = IngestCounts()

    async def run(self) -> None:
        """Take in reports until cancelled."""
        wait = MIN_RETRY_S
        while True:
            try:
                await self._connect_once()
            except MQTT_ERRORS as error:
                self.counts.lost_connections += 1
                log.warning("connection to the broker lost: %s", error or type(error).__name__)
            wait = MIN_RETRY_S if self.counts.connected else min(2 * wait, MAX_RETRY_S)
            self.counts.connected = False
            await asyncio.sleep(wait)

    async def notify_agenda(self, site: str) -> None:
        """Tell a site that its agenda has changed: an empty message, not retained.

        Raises one of `MQTT_ERRORS`.
        """
        await self._publish(Topic(site, Kind.NUDGE), b"", retain=False)

    async def publish_desired(self, site: str, desired: Desired) -> None:
        """Tell a site what is desired of it, retained. Raises one of `MQTT_ERRORS`."""
        await self._publish(Topic(site, Kind.DESIRED), desired.payload, retain=True)

    async def _publish(self, topic: Topic, payload: bytes, *, retain: bool) -> None:
        if self._connection is None:
            raise OSError("no connection to the broker; try again")
        await self._connection.publish(str(topic), payload, retain=retain)

    async def _connect_once(self) -> None:
        own = self._identity
        async with connect(
            own.broker,
            own.name,
            own.tls(),
            session_expiry_s=SESSION_EXPIRY_S,
            receive_maximum=MAX_BATCH,
            response_timeout_s=RESPONSE_TIMEOUT_S,
        ) as connection:
            self._queue = FairQueue()  # what was not acknowledged comes again
            await self._subscribe(connection)
            self._connection, self.counts.connected = connection, True
            parts = [
                asyncio.create_task(part)
                for part in (
                    self._sort_all(connection),
                    self._store_all(connection),
                    self._keep_pauses(connection),
                )
            ]
            try:
                await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._connection = None
                await cancel_and_wait(*parts)
            ends = [part.exception() for part in parts if not part.cancelled()]
            raise next((end for end in ends if end is not None), OSError("the connection ended"))

    async def _subscribe(self, connection: Connection) -> None:
        await connection.subscribe(*map(self._filter, FROM_SITE))

    def _filter(self, kind: Kind) -> str:
        share = f"$share/{SHARE_NAME}/" if self._identity.shared else ""
        return share + all_sites_filter(kind)

    async def _sort_all(self, connection: Connection) -> None:
        """Go on while a batch is stored. What waits is bounded by the broker, which sends no more
        than so much without an acknowledgement."""
        async for messages in connection.batches(MAX_BATCH):
            self._sort(connection, messages)
            self._sorted.set()

    async def _store_all(self, connection: Connection) -> None:
        while True:
            self._sorted.clear()
            while self._queue:
                await self._store_batch(connection)
            await self._sorted.wait()

    async def _keep_pauses(self, connection: Connection) -> None:
        """Have the broker pause who floods, and let them publish again when the pause is over."""
        while True:
            self._exceeded.clear()
            for site in self._pauses.to_begin():
                await self._tell_broker(connection, pause_command(site))
                if self._pauses.begun(site, time.monotonic()):
                    log.warning("%s floods: the broker refuses what it says", site)
            for site in self._pauses.to_end(time.monotonic()):
                await self._tell_broker(connection, resume_command(site))
                self._pauses.ended(site)
                log.info("%s may speak again", site)
            await self._ask_again_after_a_flood(connection)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_POLL_S):
                    await self._exceeded.wait()

    async def _tell_broker(self, connection: Connection, command: bytes) -> None:
        try:
            await connection.publish(CONTROL_TOPIC, command, retain=False)
        except Refused as error:
            log.warning("sites that flood are not paused: %s", error)

    def _sort(self, connection: Connection, messages: Iterable[Message]) -> None:
        """Put each into its site's queue; what is not taken is acknowledged at once."""
        for message in messages:
            try:
                site = Topic.parse(message.topic).site
            except TopicError as error:
                self._refuse(message.topic, str(error))
                connection.acknowledge([message])
                continue
            now = time.monotonic()
            why = self._bounds.exceeded(site, len(message.payload), now)
            if why:
                self.counts.flooded += 1
                self._flooded_at = now
                self._tell(Part.FLOOD, site, f"{why}; the broker refuses it for a while")
                if self._pauses.exceeded(site, now):
                    self._exceeded.set()
                connection.acknowledge([message])
            else:
                self._queue.put(site, message)

    async def _store_batch(self, connection: Connection) -> None:
        """Return when some of each site are stored. A database that is away is waited for: the
        broker keeps the rest, and what has come meanwhile joins the next try."""
        messages = self._queue.take(MAX_BATCH, MAX_BATCH_BYTES)
        now, wait = self._now(), MIN_RETRY_S
        batch = self._read_all(messages, now)
        async with asyncio.timeout(STORE_TIMEOUT_S):
            while not await self._writer.stored(batch):
                await asyncio.sleep(wait)
                wait = min(2 * wait, MAX_RETRY_S)
                more = self._queue.take(2 * MAX_BATCH - len(messages), MAX_BATCH_BYTES)
                messages += more
                batch += self._read_all(more, now)
        connection.acknowledge(messages)
        self.counts.stored += len(batch)
        self.counts.newest_at = now
        for one in batch:
            if isinstance(one.report, Presence):
                await self._watch(one.site, one.report)

    async def _ask_again_after_a_flood(self, connection: Connection) -> None:
        if self._flooded_at is None or time.monotonic() - self._flooded_at < CALM_S:
            return
        self._flooded_at = None
        await self._subscribe(connection)

    def _read_all(self, messages: Iterable[Message], now: float) -> list[Incoming]:
        return [one for message in messages if (one := self._read(message, now)) is not None]

    def _read(self, message: Message, now: float) -> Incoming | None:
        """None for what no site of ours says: it is acknowledged and gone."""
        try:
            topic = Topic.parse(message.topic)
            report = parse_report(topic.kind, message.payload)
            return Incoming(topic.site, topic.kind, report, now)
        except (TopicError, WireError) as error:
            self._refuse(message.topic, str(error))
        except Exception as error:  # a fault of ours in reading it: it costs this message alone
            log.exception("a fault in reading %s", message.topic)
            self._refuse(message.topic, f"{type(error).__name__}: {error}")
        return None

    def _refuse(self, topic: str, why: str) -> None:
        self.counts.refused += 1
        self._tell(Part.REPORTS, topic.removeprefix(f"{ROOT}/"), why)

    def _refuse_stored(self, one: Incoming, why: str) -> None:
        self._refuse(str(Topic(one.site, one.kind)), f"never stored: {why}")

    async def _watch(self, site: str, presence: Presence) -> None:
        before = self._boots.get(site, SiteBoots())
        after = self._boots[site] = after_presence(before, presence)
        new = after.suspicion and after.suspicion != before.suspicion
        if new and self._suspicions.take(site, time.monotonic()):
            log.error("%s: two devices with one identity: %s", site, after.suspicion)
            try:
                await asyncio.to_thread(self._alarm, site, after.suspicion)
            except Exception as error:  # of whatever database; the reports go on, the log has it
                log.error("%s: the alarm was not written down: %s", site, error)  # noqa: TRY400
