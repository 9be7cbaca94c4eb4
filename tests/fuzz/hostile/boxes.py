"""A box with a real certificate that says what no box should: odd reports, odd topics, floods."""

import asyncio
import contextlib
import json
import ssl
import time
from collections import Counter

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, Connection, Refused, Will, connect
from appliance.wire.fields import MAX_PAYLOAD_BYTES
from appliance.wire.report import Health, print_report
from appliance.wire.report_id import ReportId
from appliance.wire.topics import FROM_SITE, ROOT, Kind, Topic
from tests.fuzz.hostile.mutations import Mutations
from tests.wire.golden import examples

PAUSE_S = 0.06
"""What a site may send in all: faster, most of it would be passed over unread as a flood."""
FLOOD, TOGETHER = 300, 50
CONNECTION_INPUTS = 60
RETRY_S = 0.2
NOT_JSON = (
    b"", b"\0", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"null", b"[]", b"7", b'"', b"{", b"NaN",
    b"1e999", b'{"at":1e999}', b'{"at":NaN,"boot_id":"b","seq":1}', b'{"seq":' + b"9" * 5000 + b"}",
    b"[" * 30_000, b'{"alarms":' * 5000, b'{"at":1,"at":2}', b'"\\ud800"', b"\xed\xa0\x80",
)  # fmt: skip


class HostileBox:
    """One site's certificate in such hands; `inputs` counts by kind what was sent."""

    def __init__(
        self,
        site: str,
        other: str,
        broker: BrokerAddress,
        tls: ssl.SSLContext,
        mutations: Mutations,
        inputs: Counter[str],
        *,
        floods: bool,
    ) -> None:
        self._site, self._other, self._broker, self._tls = site, other, broker, tls
        self._mutations, self._random = mutations, mutations.random
        self._inputs, self._floods = inputs, floods
        self._seq = 0
        self._examples = {
            kind: [json.loads(payload) for payload in examples(kind)] for kind in FROM_SITE
        }

    async def run(self) -> None:
        """Until cancelled; the broker may close the connection at any input."""
        while True:
            will = Will(str(Topic(self._site, Kind.PRESENCE)), self._payload(Kind.PRESENCE))
            with contextlib.suppress(*MQTT_ERRORS):
                async with connect(
                    self._broker, self._site, self._tls, will, will_delay_s=0, keepalive_s=2
                ) as link:
                    for _ in range(CONNECTION_INPUTS):
                        await self._send(link)
                        await asyncio.sleep(PAUSE_S)
                    if self._random.random() < 0.5:
                        self._inputs["last wills"] += 1
                        link.drop_silently()
            await asyncio.sleep(RETRY_S)

    async def _send(self, link: Connection) -> None:
        kind = self._random.choice(FROM_SITE)
        lot = self._random.random()
        if self._floods and lot < 0.02:
            await self._flood(link)
            return
        topic, named, payload = str(Topic(self._site, kind)), "reports", self._payload(kind)
        if lot < 0.1:
            topic, named = self._topic(), "topics"
        elif lot < 0.25:
            payload, named = self._random.choice(NOT_JSON), "not JSON"
        elif lot < 0.26:
            size = self._random.choice((MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES + 1, 200_000))
            payload, named = b'{"at":1,"x":"'.ljust(size, b"x"), "too large"
        self._inputs[named] += 1
        with contextlib.suppress(Refused):
            await link.publish(topic, payload, retain=self._random.random() < 0.7)

    def _payload(self, kind: Kind) -> bytes:
        self._seq += 1
        now = time.time() if self._random.random() < 0.9 else self._random.choice((0.0, 4e9, 1e300))
        example = self._random.choice(self._examples[kind])
        boot = self._random.choice(("first", "second"))
        return self._mutations.message({**example, "at": now, "boot_id": boot, "seq": self._seq})

    def _topic(self) -> str:
        """Of another site, of no site, of no kind; what the access list refuses."""
        return self._random.choice(
            (
                f"{ROOT}/{self._other}/health", f"{ROOT}/{self._site}/desired", "$SYS/x", "/",
                f"{ROOT}/{self._site}/health/x", f"{ROOT}/{self._site}/xin chào", "a/" * 120,
                f"{ROOT}/{self._site}/HEALTH", f"{ROOT}//health", "x" * 3000, f"{ROOT}/../health",
            )
        )  # fmt: skip

    async def _flood(self, link: Connection) -> None:
        facts = {f"fact{number}": "á" * 480 for number in range(60)}
        for _ in range(FLOOD // TOGETHER):
            self._seq += TOGETHER
            ids = [ReportId(time.time(), "first", self._seq - n) for n in range(TOGETHER)]
            topic = str(Topic(self._site, Kind.HEALTH))
            self._inputs["flooded"] += TOGETHER
            await asyncio.gather(
                *(
                    link.publish(topic, print_report(Health(one, (), {}, facts)), retain=True)
                    for one in ids
                )
            )
