"""A real mosquitto with the province's authority, access list and certificates, for any test."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, Connection, Message, connect
from appliance.base.tasks import cancel_and_wait
from appliance.base.tls.province import client_tls
from appliance.wire.report import Report, parse_report
from appliance.wire.topics import FROM_SITE, Topic, all_sites_filter
from services.health.credentials import Pair, private_pem
from services.province.broker.configuration import BrokerFiles
from services.province.broker.process import Mosquitto, mosquitto
from services.province.ca.authority import Authority
from tests.process.ports import free_port

LISTENER = "_listener"


@dataclass
class BrokerFixture:
    """The broker's files, its authority, and identities for whoever a test needs."""

    folder: Path
    authority: Authority
    files: BrokerFiles
    revoked: list[int] = field(default_factory=list)

    @property
    def broker(self) -> BrokerAddress:
        return BrokerAddress(self.files.host, self.files.port)

    def pair(self, site: str, *, days: float = 30.0, serial: str = "") -> Pair:
        """A certificate that the authority signs; of the past where `days` is negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Pair(
            key, self.authority.site(key.public_key(), site, serial, time.time(), days=days)
        )

    def tls(self, pair: Pair) -> ssl.SSLContext:
        """As a device has it: key and certificate in one file."""
        file = self.folder / f"{pair.certificate.serial_number}.pem"
        file.write_bytes(private_pem(pair.key) + pair.pem)
        return client_tls(self.files.authority, file)

    def identity(self, site: str) -> ssl.SSLContext:
        """The TLS context of a site."""
        return self.tls(self.pair(site))

    @property
    def province(self) -> ssl.SSLContext:
        return client_tls(self.files.authority, self.files.identity)

    @property
    def listener(self) -> ssl.SSLContext:
        """For who listens beside the province: the broker knows each by its certificate."""
        return self.identity(LISTENER)

    def server_tls(self) -> ssl.SSLContext:
        """For a server that stands in the broker's place."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "server.pem")
        return context

    def revoke(self, *pairs: Pair) -> None:
        """These certificates, too, count no more from the next start on."""
        self.revoked += [pair.certificate.serial_number for pair in pairs]
        self.files.revoke(self.authority, self.revoked, time.time())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Mosquitto]:
        self.files.forget_pauses()
        async with mosquitto(self.files.configuration, self.files.host, self.files.port) as process:
            yield process


def broker_fixture(folder: Path) -> BrokerFixture:
    """Everything that a broker needs, not yet running."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority.make(time.time())
    files = BrokerFiles(folder, port=free_port())
    files.write(authority, ["localhost"], time.time())
    access = folder / "access"
    heard = "".join(f"topic read {all_sites_filter(kind)}\n" for kind in FROM_SITE)
    access.write_text(f"{access.read_text()}\nuser {LISTENER}\n{heard}")
    broker = BrokerFixture(folder, authority, files)
    broker.revoke()
    return broker


class Listener:
    """Subscribes as the province: `heard` holds every message in order; reconnects by itself."""

    def __init__(self, broker: BrokerFixture) -> None:
        self._fixture = broker
        self.heard: list[Message] = []
        self.ready = asyncio.Event()

    async def run(self) -> None:
        tls = self._fixture.listener  # made once: each has a key of its own
        while True:
            with contextlib.suppress(*MQTT_ERRORS):
                async with connect(self._fixture.broker, LISTENER, tls, None) as link:
                    await link.subscribe("diemcau/#")
                    self.ready.set()
                    async for message in link.messages():
                        self.heard.append(message)
            await asyncio.sleep(0.1)

    def reports(self, site: str) -> list[Report]:
        """The reports of a site, in the order in which they came."""
        topics = [(Topic.parse(message.topic), message.payload) for message in self.heard]
        return [
            parse_report(topic.kind, payload) for topic, payload in topics if topic.site == site
        ]


@asynccontextmanager
async def listening(broker: BrokerFixture) -> AsyncIterator[Listener]:
    """A listener that has subscribed by the time the context is entered."""
    one = Listener(broker)
    task = asyncio.create_task(one.run(), name="listener")
    try:
        async with asyncio.timeout(40):
            await one.ready.wait()
        yield one
    finally:
        await cancel_and_wait(task)


@asynccontextmanager
async def connected_as(
    broker: BrokerFixture, site: str, tls: ssl.SSLContext
) -> AsyncIterator[Connection]:
    """A bare connection as `site`."""
    async with connect(broker.broker, site, tls, None) as link:
        yield link
