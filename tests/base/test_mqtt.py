"""The MQTT client on a real mosquitto, and before a server that never answers."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import pytest

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, Message, Refused, connect
from appliance.base.tasks import cancel_and_wait
from appliance.wire.topics import Kind, Topic
from services.province.broker.configuration import PROVINCE
from tests.peers.mosquitto import LISTENER, BrokerFixture, broker_fixture, connected_as
from tests.process.waiting import until

SITE, OTHER = "ia-kly", "ia-phi"
HEALTH, NUDGE = str(Topic(SITE, Kind.HEALTH)), str(Topic(SITE, Kind.NUDGE))


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtts://mqtt.gialai.example:8884", BrokerAddress("mqtt.gialai.example", 8884)),
        ("mqtts://10.0.0.1", BrokerAddress("10.0.0.1", 8883)),
        ("mqtts://[fd00::1]:8883", BrokerAddress("fd00::1", 8883)),
        ("mqtt://x", None), ("mqtts://", None), ("", None), ("mqtts://x/y", None),
    ],
)  # fmt: skip
def test_where_the_broker_is(url: str, broker: BrokerAddress | None) -> None:
    if broker is None:
        with pytest.raises(ValueError, match="is no broker"):
            BrokerAddress.parse(url)
    else:
        assert BrokerAddress.parse(url) == broker


async def test_a_refused_publication_costs_those_beside_it_nothing(tmp_path: Path) -> None:
    """Eight are under way together, one of them on another site's topic."""
    bench = broker_fixture(tmp_path)
    topics = [HEALTH] * 3 + [str(Topic(OTHER, Kind.HEALTH))] + [HEALTH] * 4
    async with bench.running(), connected_as(bench, SITE, bench.identity(SITE)) as connection:
        done = await asyncio.gather(
            *(connection.publish(topic, b"x", retain=False) for topic in topics),
            return_exceptions=True,
        )
    assert [type(one) for one in done] == [type(None)] * 3 + [Refused] + [type(None)] * 4


async def received(bench: BrokerFixture, count: int, *, acknowledge: bool) -> list[Message]:
    """The next `count` messages of the site's session; [] when there are none."""
    found: list[Message] = []
    tls = bench.identity(SITE)
    async with connect(bench.broker, SITE, tls) as connection:
        await connection.subscribe(NUDGE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30 if count else 1):
                async for batch in connection.batches(10):
                    found += batch
                    if acknowledge:
                        connection.acknowledge(batch)
                    if len(found) >= count:
                        break
    return found


async def test_what_is_not_acknowledged_comes_again(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    payloads = [b"1", b"2", b"3"]
    async with bench.running():
        await received(bench, 0, acknowledge=False)  # the session begins
        async with connected_as(bench, PROVINCE, bench.province) as province:
            for payload in payloads:
                await province.publish(NUDGE, payload, retain=False)
        first = await received(bench, 3, acknowledge=False)
        second = await received(bench, 3, acknowledge=True)
        assert [one.payload for one in first] == payloads
        assert [one.payload for one in second] == payloads
        assert await received(bench, 0, acknowledge=True) == []


async def test_messages_are_acknowledged_as_they_are_handed_over(tmp_path: Path) -> None:
    """More come than may lie unacknowledged."""
    bench, found = broker_fixture(tmp_path), list[bytes]()
    tls = bench.identity(SITE)
    payloads = [str(number).encode() for number in range(12)]
    async with (
        bench.running(),
        connect(bench.broker, SITE, tls, receive_maximum=2) as connection,
        connected_as(bench, PROVINCE, bench.province) as province,
    ):
        await connection.subscribe(NUDGE)
        for payload in payloads:
            await province.publish(NUDGE, payload, retain=False)
        async with asyncio.timeout(30):
            async for message in connection.messages():
                found.append(message.payload)
                if len(found) == len(payloads):
                    break
        assert connection.waiting(10) == []
    assert found == payloads


@pytest.mark.case("K8")
async def test_of_all_that_is_retained_nothing_is_discarded(tmp_path: Path) -> None:
    """After the first PUBACK mosquitto 2.0 sends all of it, beyond the receive maximum."""
    bench, count = broker_fixture(tmp_path), 400
    access = tmp_path / "access"
    access.write_text(f"{access.read_text()}\ntopic read diemcau/#\n")
    topics = {str(Topic(f"site-{number}", Kind.DESIRED)) for number in range(count)}
    async with bench.running():
        async with connected_as(bench, PROVINCE, bench.province) as province:
            await asyncio.gather(*(province.publish(one, b"x", retain=True) for one in topics))
        listener = connect(bench.broker, LISTENER, bench.listener, receive_maximum=50)
        async with listener as link, asyncio.timeout(60.0):
            await link.subscribe("diemcau/#")
            first = await until("some came", lambda: link.waiting(30))
            link.acknowledge(first)
            await asyncio.sleep(1.0)  # nobody reads meanwhile: a database is waited for
            heard = {message.topic for message in first}
            async for batch in link.batches(50):
                heard |= {message.topic for message in batch}
                link.acknowledge(batch)
                if heard == topics:
                    break


async def test_a_flood_at_qos_0_leaves_room_for_what_is_acknowledged(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    tls, found = bench.identity(SITE), list[Message]()
    async with bench.running(), connect(bench.broker, SITE, tls, receive_maximum=4) as connection:
        await connection.subscribe(NUDGE)
        async with aiomqtt.Client(
            bench.broker.host, bench.broker.port, identifier=PROVINCE,
            protocol=aiomqtt.ProtocolVersion.V5, tls_context=bench.province,
        ) as province:  # fmt: skip
            for _ in range(100):
                await province.publish(NUDGE, b"flood", qos=0)
            for number in range(4):
                await province.publish(NUDGE, str(number).encode(), qos=1)
        await asyncio.sleep(1.0)  # nobody reads meanwhile
        found += connection.waiting(1000)
    assert [one.payload for one in found if one.qos == 1] == [b"0", b"1", b"2", b"3"]
    assert 0 < len([one for one in found if one.qos == 0]) <= 4


@pytest.mark.case("K8")
async def test_a_loop_that_has_much_else_to_do_reads_what_lies_there_in_few_turns(
    tmp_path: Path,
) -> None:
    """One packet a turn, it read twenty a second beside a thousand strangers' connections."""
    bench, count = broker_fixture(tmp_path), 80
    found, turns = list[Message](), 0
    async with bench.running():
        await received(bench, 0, acknowledge=False)  # the session begins
        async with connected_as(bench, PROVINCE, bench.province) as province:
            for number in range(count):
                await province.publish(NUDGE, str(number).encode(), retain=False)
        async with connect(bench.broker, SITE, bench.identity(SITE)) as connection:
            end = time.monotonic() + 30.0
            while len(found) < count and time.monotonic() < end:
                time.sleep(0.02)  # noqa: ASYNC251 - what the loop does for others
                await asyncio.sleep(0)
                new = connection.waiting(count)
                connection.acknowledge(new)
                turns += bool(new)
                found += new
    assert [int(one.payload) for one in found] == list(range(count))
    assert turns < count / 4


@dataclass
class SilentServer:
    """Completes TLS and answers nothing; `open` are the connections that stand."""

    port: int = 0
    open: set[int] = field(default_factory=set)
    connections: int = 0
    sent: bytes = b""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self.open.add(number)
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                self.sent += data
        self.open.discard(number)
        writer.close()


@asynccontextmanager
async def silent_server(bench: BrokerFixture) -> AsyncIterator[SilentServer]:
    """With the broker's own certificate."""
    one = SilentServer()
    tls = bench.server_tls()
    server = await asyncio.start_server(one.take, "127.0.0.1", 0, ssl=tls)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


async def test_a_broker_that_never_answers_is_given_up_and_its_socket_closed(
    tmp_path: Path,
) -> None:
    bench = broker_fixture(tmp_path)
    tls = bench.identity(SITE)
    async with silent_server(bench) as server:
        began = time.monotonic()
        with pytest.raises(MQTT_ERRORS, match="timed out"):
            async with connect(
                BrokerAddress("127.0.0.1", server.port), SITE, tls, response_timeout_s=0.5
            ):
                pass
        assert time.monotonic() - began < 20
        assert server.connections == 1
        await until("the socket is closed", lambda: not server.open)


async def test_who_is_cancelled_while_connecting_leaves_no_connection(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    tls = bench.identity(SITE)

    async def attempt(port: int) -> None:
        async with connect(BrokerAddress("127.0.0.1", port), SITE, tls):
            raise AssertionError("nobody answered")

    async with silent_server(bench) as server:
        task = asyncio.create_task(attempt(server.port))
        await until("CONNECT is sent", lambda: SITE.encode() in server.sent)
        await cancel_and_wait(task)
        assert task.cancelled()
        await until("the socket is closed", lambda: not server.open)


async def test_a_publication_that_nobody_acknowledges_has_a_deadline(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    tls = bench.identity(SITE)
    async with bench.running():
        with contextlib.suppress(*MQTT_ERRORS):  # nor is its DISCONNECT
            async with connect(bench.broker, SITE, tls, response_timeout_s=1.0) as connection:
                connection.drop_silently()
                began = time.monotonic()
                with pytest.raises(MQTT_ERRORS, match="no PUBACK within 1 s"):
                    await connection.publish(HEALTH, b"x", retain=False)
                assert time.monotonic() - began < 20


async def test_an_end_of_the_connection_ends_the_wait_for_an_acknowledgement(
    tmp_path: Path,
) -> None:
    bench = broker_fixture(tmp_path)
    tls = bench.identity(SITE)
    async with bench.running() as broker:
        with contextlib.suppress(*MQTT_ERRORS):
            async with connect(bench.broker, SITE, tls, response_timeout_s=60.0) as connection:
                broker.stop()
                await broker.ended()
                async with asyncio.timeout(30):
                    with pytest.raises(MQTT_ERRORS):
                        await connection.publish(HEALTH, b"x", retain=False)
