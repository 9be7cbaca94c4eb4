"""Stores the sites' reports, and acknowledges them to the broker only when they are stored.

Messages are taken in batches, one transaction each, and only then acknowledged (MQTT 5, 4.3.2): the
broker keeps and repeats whatever was not, so the program may be killed at any moment. A report that
is stored twice is one report, by its id. Two copies of the program share the work by a shared
subscription (4.8.2); each of them has a certificate of its own, by which the broker knows it.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, Connection, Message, connect
from appliance.wire.desired import Desired
from appliance.wire.fields import WireError
from appliance.wire.report import Presence, Report, parse_report
from appliance.wire.topics import FROM_SITE, Kind, Topic, TopicError, all_sites_filter
from services.province.broker.configuration import PROVINCE
from services.province.broker.duplicate_devices import SiteBoots, after_presence

log = logging.getLogger("diemcau.province.ingest")

SHARE_NAME = "province"
MAX_BATCH = 200
"""As many as the broker sends without an acknowledgement (max_inflight_messages)."""
STORE_TIMEOUT_S = 60.0
MAX_STORE_TRIES, STORE_RETRY_S = 3, 0.2
SESSION_EXPIRY_S = 7 * 86_400
RESPONSE_TIMEOUT_S = 15.0
MIN_RETRY_S, MAX_RETRY_S = 0.5, 10.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """One report as it came in, `received_at` by our own clock."""

    site: str
    kind: Kind
    report: Report
    received_at: float

    @property
    def state(self) -> Mapping[str, Any]:
        """The payload's fields without the report's id."""
        report_id = self.report.id.values
        return {key: value for key, value in self.report.values.items() if key not in report_id}


Store = Callable[[Sequence[Incoming]], None]
"""Stores a batch whole or raises; called in a thread. Whatever it raises, the batch is tried again:
a report that was stored before must change nothing, and a site that is not known is passed over."""


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
    lost_connections: int = 0
    connected: bool = False
    newest_at: float = 0.0


class Ingest:
    """Connects for as long as `run` runs; what goes out to the sites uses the same connection.

    `alarm` is called, in a thread, with a site and a reason when two devices have one identity.
    """

    def __init__(
        self,
        identity: ClientIdentity,
        store: Store,
        *,
        alarm: Callable[[str, str], None] = lambda _site, _reason: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._store = store
        self._alarm = alarm
        self._now = now
        self._connection: Connection | None = None
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
            await connection.subscribe(*map(self._filter, FROM_SITE))
            self._connection, self.counts.connected = connection, True
            try:
                async for batch in connection.batches(MAX_BATCH):
                    await self._store_batch(connection, batch)
            finally:
                self._connection = None

    def _filter(self, kind: Kind) -> str:
        share = f"$share/{SHARE_NAME}/" if self._identity.shared else ""
        return share + all_sites_filter(kind)

    async def _store_batch(self, connection: Connection, messages: list[Message]) -> None:
        """Return when these are stored. A database that is away is waited for: the broker keeps the
        rest, and what has come meanwhile joins the next try."""
        now, wait = self._now(), MIN_RETRY_S
        batch = self._read_all(messages, now)
        async with asyncio.timeout(STORE_TIMEOUT_S):
            while not await self._stored(batch):
                await asyncio.sleep(wait)
                wait = min(2 * wait, MAX_RETRY_S)
                more = connection.waiting(2 * MAX_BATCH - len(messages))
                messages += more
                batch += self._read_all(more, now)
        connection.acknowledge(messages)
        self.counts.stored += len(batch)
        self.counts.newest_at = now
        for one in batch:
            if isinstance(one.report, Presence):
                await self._watch(one.site, one.report)

    async def _stored(self, batch: list[Incoming]) -> bool:
        """Whether the batch is done with; what can never be stored is taken out of it."""
        if not batch or (error := await asyncio.to_thread(self._try_to_store, batch)) is None:
            return True
        log.warning("not stored: %s: %s", type(error).__name__, error)
        failed = [one for one in batch if await asyncio.to_thread(self._try_to_store, [one])]
        good = next((one for one in batch if one not in failed), None)
        if good is None:
            return False
        rejected = [one for one in failed if await self._can_never_be_stored(one, good)]
        for one in rejected:
            batch.remove(one)
            self.counts.refused += 1
            log.error("never stored: %s of %s, %s", one.kind, one.site, one.report.id)
        return len(rejected) == len(failed)

    async def _can_never_be_stored(self, one: Incoming, good: Incoming) -> bool:
        """Whether the error is this report's and not the storage's.

        Before and after it fails, one that was stored is stored again without an error, time after
        time. A database that comes back in the middle of a pass condemns no report.
        """
        for _ in range(MAX_STORE_TRIES):
            for probe, must_fail in ((good, False), (one, True), (good, False)):
                if (await asyncio.to_thread(self._try_to_store, [probe]) is not None) != must_fail:
                    return False
            await asyncio.sleep(STORE_RETRY_S)
        return True

    def _try_to_store(self, batch: list[Incoming]) -> Exception | None:
        try:
            self._store(batch)
        except Exception as error:  # of whatever driver: the batch is not lost, whatever it was
            return error
        return None

    def _read_all(self, messages: list[Message], now: float) -> list[Incoming]:
        return [one for message in messages if (one := self._read(message, now)) is not None]

    def _read(self, message: Message, now: float) -> Incoming | None:
        """None for what no site of ours says: it is acknowledged and gone."""
        try:
            topic = Topic.parse(message.topic)
            report = parse_report(topic.kind, message.payload)
            return Incoming(topic.site, topic.kind, report, now)
        except (TopicError, WireError) as error:
            self.counts.refused += 1
            log.warning("refused: %s: %s", message.topic, error)
            return None

    async def _watch(self, site: str, presence: Presence) -> None:
        before = self._boots.get(site, SiteBoots())
        after = self._boots[site] = after_presence(before, presence)
        if after.suspicion and after.suspicion != before.suspicion:
            log.error("%s: two devices with one identity: %s", site, after.suspicion)
            try:
                await asyncio.to_thread(self._alarm, site, after.suspicion)
            except Exception as error:  # of whatever database; the reports go on, the log has it
                log.error("%s: the alarm was not written down: %s", site, error)  # noqa: TRY400
