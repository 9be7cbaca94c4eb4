"""What the sites say, from the broker into the storage: acknowledged when it is stored, not before.

Messages are taken in batches, one transaction each, and only then acknowledged to the broker (MQTT
5, 4.3.2), which keeps and repeats whatever was not: the program may be killed at any moment. What
is stored twice is one report, by its stamp. Two copies of the program share the work by a shared
subscription (4.8.2); each of them is a client of its own.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.base.tasks import heed_cancellation
from appliance.wire.desired import Desired
from appliance.wire.fields import WireError
from appliance.wire.report import Presence, Report, parse_report
from appliance.wire.topics import REPORTED, Kind, Topic, TopicError, of_all_sites
from services.province.broker.duplicate_devices import Speakers, heard

log = logging.getLogger("diemcau.province.ingest")

GROUP = "province"
MOST_AT_ONCE = 200
"""As many as the broker sends without an acknowledgement (max_inflight_messages)."""
STORE_S = 60.0
HOPELESS_TRIES, HOPELESS_WAIT_S = 3, 0.2
SESSION_S = 7 * 86_400
ANSWER_S = 15.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0

Lost = (aiomqtt.MqttError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One report as it came in, `received_at` by our own clock."""

    site: str
    kind: Kind
    report: Report
    received_at: float

    @property
    def state(self) -> Mapping[str, Any]:
        """The payload's fields without the stamp's."""
        stamp = self.report.stamp.values
        return {key: value for key, value in self.report.values.items() if key not in stamp}


Store = Callable[[Sequence[Incoming]], None]
"""Stores a batch whole or raises; called in a thread. Whatever it raises, the batch is tried again:
a report that was stored before must change nothing, and a site that is not known is passed over."""


@dataclass(frozen=True, slots=True)
class Place:
    """The broker, and who this copy of the program is to it."""

    host: str
    port: int
    tls: ssl.SSLContext
    identifier: str = "province"
    shared: bool = False
    """Whether several copies divide the messages among them."""


@dataclass(slots=True)
class Counts:
    """For `/metrics`; all since the start."""

    stored: int = 0
    refused: int = 0
    lost_lines: int = 0
    connected: bool = False
    newest_at: float = 0.0


class _Client(aiomqtt.Client):
    """Acknowledges when told to; paho alone can, and aiomqtt hides it (two private names)."""

    def __init__(self, *words: Any, **names: Any) -> None:
        super().__init__(*words, **names)
        self._client.manual_ack_set(True)

    def acknowledge(self, messages: Sequence[aiomqtt.Message]) -> None:
        """These are stored."""
        for message in messages:
            self._client.ack(message.mid, message.qos)

    def waiting(self) -> list[aiomqtt.Message]:
        """What has come in meanwhile, without waiting."""
        found: list[aiomqtt.Message] = []
        while len(found) < MOST_AT_ONCE - 1 and not self._queue.empty():
            found.append(self._queue.get_nowait())
        return found


class Ingest:
    """Connects for as long as `run` runs; `tell` and `nudge` use the same line.

    `alarm` is called, in a thread, with a site and a reason when two devices show one identity.
    """

    def __init__(
        self,
        place: Place,
        store: Store,
        *,
        alarm: Callable[[str, str], None] = lambda _site, _reason: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._place = place
        self._store = store
        self._alarm = alarm
        self._now = now
        self._client: _Client | None = None
        self._speakers: dict[str, Speakers] = {}
        self.counts = Counts()

    async def run(self) -> None:
        """Take in reports until cancelled."""
        wait = FIRST_WAIT_S
        while True:
            try:
                await self._once()
            except Lost as error:
                self.counts.lost_lines += 1
                log.warning("line to the broker lost: %s", error)
            wait = FIRST_WAIT_S if self.counts.connected else min(2 * wait, LONGEST_WAIT_S)
            self.counts.connected = False
            await asyncio.sleep(wait)

    async def nudge(self, site: str) -> None:
        """Your agenda has changed: an empty message, not retained. Raises one of `Lost`."""
        await self._publish(Topic(site, Kind.NUDGE), b"", retain=False)

    async def tell(self, site: str, desired: Desired) -> None:
        """What is desired of a site, retained. Raises one of `Lost`."""
        await self._publish(Topic(site, Kind.DESIRED), desired.payload, retain=True)

    async def _publish(self, topic: Topic, payload: bytes, *, retain: bool) -> None:
        if self._client is None:
            raise aiomqtt.MqttError("no line to the broker; try again")
        await self._client.publish(str(topic), payload, qos=1, retain=retain)

    async def _once(self) -> None:
        place = self._place
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = SESSION_S
        session.ReceiveMaximum = MOST_AT_ONCE
        client = _Client(
            place.host,
            place.port,
            identifier=place.identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=place.tls,
            keepalive=30,
            timeout=ANSWER_S,
            clean_start=False,
            properties=session,
        )
        async with client:
            heed_cancellation()
            for kind in REPORTED:
                await client.subscribe(self._filter(kind), qos=1)
                heed_cancellation()
            self._client, self.counts.connected = client, True
            try:
                async for message in client.messages:
                    await self._take(client, [message, *client.waiting()])
            finally:
                self._client = None

    def _filter(self, kind: Kind) -> str:
        share = f"$share/{GROUP}/" if self._place.shared else ""
        return share + of_all_sites(kind)

    async def _take(self, client: _Client, messages: list[aiomqtt.Message]) -> None:
        """Until these are stored. A database that is away is waited for: the broker keeps the rest,
        and what has come meanwhile joins the next try."""
        now, wait = self._now(), FIRST_WAIT_S
        batch = self._read_all(messages, now)
        async with asyncio.timeout(STORE_S):
            while not await self._stored(batch):
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
                more = client.waiting()
                messages += more
                batch += self._read_all(more, now)
        client.acknowledge(messages)
        self.counts.stored += len(batch)
        self.counts.newest_at = now
        for one in batch:
            if isinstance(one.report, Presence):
                await self._watch(one.site, one.report)

    async def _stored(self, batch: list[Incoming]) -> bool:
        """Whether the batch is done with; what can never be stored is taken out of it."""
        if not batch or (error := await asyncio.to_thread(self._tried, batch)) is None:
            return True
        log.warning("not stored: %s: %s", type(error).__name__, error)
        failed = [one for one in batch if await asyncio.to_thread(self._tried, [one])]
        good = next((one for one in batch if one not in failed), None)
        if good is None:
            return False
        hopeless = [one for one in failed if await self._hopeless(one, good)]
        for one in hopeless:
            batch.remove(one)
            self.counts.refused += 1
            log.error("never stored: %s of %s, %s", one.kind, one.site, one.report.stamp)
        return len(hopeless) == len(failed)

    async def _hopeless(self, one: Incoming, good: Incoming) -> bool:
        """Whether it is this report and not the storage: before and after it fails, one that was
        stored is stored again without a fault, time after time. A database that comes back in the
        middle of a pass makes nothing hopeless."""
        for _ in range(HOPELESS_TRIES):
            for probe, must_fail in ((good, False), (one, True), (good, False)):
                if (await asyncio.to_thread(self._tried, [probe]) is not None) != must_fail:
                    return False
            await asyncio.sleep(HOPELESS_WAIT_S)
        return True

    def _tried(self, batch: list[Incoming]) -> Exception | None:
        try:
            self._store(batch)
        except Exception as error:  # of whatever driver: the batch is not lost, whatever it was
            return error
        return None

    def _read_all(self, messages: list[aiomqtt.Message], now: float) -> list[Incoming]:
        return [one for message in messages if (one := self._read(message, now)) is not None]

    def _read(self, message: aiomqtt.Message, now: float) -> Incoming | None:
        """None for what no site of ours says: it is acknowledged and gone."""
        try:
            topic = Topic.parse(str(message.topic))
            payload = message.payload if isinstance(message.payload, bytes) else b""
            return Incoming(topic.site, topic.kind, parse_report(topic.kind, payload), now)
        except (TopicError, WireError) as error:
            self.counts.refused += 1
            log.warning("refused: %s: %s", message.topic, error)
            return None

    async def _watch(self, site: str, presence: Presence) -> None:
        before = self._speakers.get(site, Speakers())
        after = self._speakers[site] = heard(before, presence)
        if after.suspicion and after.suspicion != before.suspicion:
            log.error("%s: two devices with one identity: %s", site, after.suspicion)
            try:
                await asyncio.to_thread(self._alarm, site, after.suspicion)
            except Exception as error:  # of whatever database; the reports go on, the log has it
                log.error("%s: the alarm was not written down: %s", site, error)  # noqa: TRY400
