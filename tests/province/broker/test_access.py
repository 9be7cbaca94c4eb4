"""The broker lets each site say its own and hear its own; a real mosquitto judges."""

import asyncio
import time
from pathlib import Path

import aiomqtt
import pytest

from appliance.base.mqtt import MQTT_ERRORS, Refused
from appliance.base.tls.province import client_tls
from appliance.wire.topics import FROM_PROVINCE, FROM_SITE, Kind, Topic
from services.province.broker.configuration import COPIES, PROVINCE
from services.province.ca.authority import Authority
from tests.peers.mosquitto import BrokerFixture, broker_fixture, connected_as, listening
from tests.process.waiting import until
from tests.province.broker.memory_store import MemoryStore, ingest, running_ingest

HERE, THERE = "ia-kly", "ia-phi"


async def test_a_site_writes_only_below_its_own_topic(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    async with bench.running(), listening(bench) as province:
        async with connected_as(bench, HERE, bench.identity(HERE)) as link:
            for kind in FROM_SITE:
                await link.publish(str(Topic(HERE, kind)), b"own", retain=True)
                with pytest.raises(Refused):
                    await link.publish(str(Topic(THERE, kind)), b"another's", retain=True)
            for topic in (
                "diemcau/other",
                "x",
                *(str(Topic(HERE, kind)) for kind in FROM_PROVINCE),
            ):
                with pytest.raises(Refused):
                    await link.publish(topic, b"nobody's", retain=False)
            await link.publish(str(Topic(HERE, Kind.HAND)), b"last", retain=False)
        await until(
            "the last is heard", lambda: [m for m in province.heard if m.payload == b"last"]
        )
    assert {message.payload for message in province.heard} == {b"own", b"last"}


async def test_a_site_hears_only_what_it_is_told(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    async with bench.running():
        async with connected_as(bench, THERE, bench.identity(THERE)) as link:
            await link.publish(str(Topic(THERE, Kind.HEALTH)), b"another's", retain=True)
        async with connected_as(bench, PROVINCE, bench.province) as link:
            await link.publish(str(Topic(THERE, Kind.DESIRED)), b"another's", retain=True)
            await link.publish(str(Topic(HERE, Kind.DESIRED)), b"own", retain=True)
        async with connected_as(bench, HERE, bench.identity(HERE)) as link:
            # The broker grants any filter and passes on only what may be read (mosquitto 2.0).
            await link.subscribe("diemcau/#", "diemcau/+/desired", str(Topic(HERE, Kind.DESIRED)))
            heard: list[bytes] = []

            async def listen() -> None:
                async for message in link.messages():
                    heard.append(message.payload)  # noqa: PERF401 - the list is read meanwhile

            task = asyncio.create_task(listen())
            await until("its own is heard", lambda: b"own" in heard)
            async with connected_as(bench, PROVINCE, bench.province) as told:
                await told.publish(str(Topic(HERE, Kind.NUDGE)), b"", retain=False)
            await until("the nudge is heard", lambda: b"" in heard)
            task.cancel()
            await asyncio.wait({task})
    assert set(heard) == {b"own", b""}


async def test_no_certificate_an_expired_one_and_a_foreign_one_get_no_connection(
    tmp_path: Path,
) -> None:
    bench = broker_fixture(tmp_path)
    foreign = broker_fixture(tmp_path / "foreign")
    foreign.authority = Authority.make(time.time())
    stranger = foreign.tls(foreign.pair(HERE))
    stranger.load_verify_locations(bench.files.authority)
    async with bench.running():
        for tls in (
            bench.tls(bench.pair(HERE, days=-0.5)),
            stranger,
            client_tls(bench.files.authority),
        ):
            with pytest.raises(MQTT_ERRORS):
                async with connected_as(bench, HERE, tls):
                    pass
        async with connected_as(bench, HERE, bench.identity(HERE)):
            pass


async def test_a_revoked_certificate_gets_no_connection(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    stolen, good = bench.pair(HERE), bench.pair(HERE)
    async with bench.running(), connected_as(bench, HERE, bench.tls(stolen)):
        pass
    bench.revoke(stolen)
    async with bench.running():
        with pytest.raises(MQTT_ERRORS):
            async with connected_as(bench, HERE, bench.tls(stolen)):
                pass
        async with connected_as(bench, HERE, bench.tls(good)):
            pass


@pytest.mark.case("K9")
@pytest.mark.parametrize("claimed", [PROVINCE, COPIES[1], "province", THERE, "", "$SYS", "x" * 200])
async def test_whatever_a_box_calls_itself_nobody_else_is_thrown_off(
    tmp_path: Path, claimed: str
) -> None:
    """MQTT ends the old session of a client identifier that comes again (5.0, 3.1.4-3)."""
    bench, store = broker_fixture(tmp_path), MemoryStore()
    one = ingest(bench, store)
    async with bench.running(), running_ingest(one):
        async with connected_as(bench, THERE, bench.identity(THERE)) as other:
            for _ in range(3):
                async with _as_it_likes(bench, HERE, claimed) as link:
                    await link.publish(str(Topic(HERE, Kind.HAND)), b"?", qos=1)
            for topic in (Topic(THERE, Kind.HEALTH), Topic(HERE, Kind.DESIRED)):
                async with _as_it_likes(bench, HERE, claimed) as link:
                    await link.publish(str(topic), b"another's", qos=1, retain=True)
            await other.publish(str(Topic(THERE, Kind.HAND)), b"?", retain=False)
            await until("four were read", lambda: one.counts.refused >= 4)  # "?" is no report
        assert one.counts.lost_connections == 0
        async with listening(bench) as listener:
            await asyncio.sleep(0.3)  # what is retained comes first
        assert [message for message in listener.heard if message.payload == b"another's"] == []


@pytest.mark.case("K9")
async def test_a_box_with_a_certificate_of_its_own_throws_off_its_copy_alone(
    tmp_path: Path,
) -> None:
    """Two with one certificate are one client, whatever they call themselves."""
    bench = broker_fixture(tmp_path)
    tls = bench.identity(HERE)
    async with bench.running(), connected_as(bench, THERE, bench.identity(THERE)) as other:
        async with (
            connected_as(bench, "one", tls) as first,
            connected_as(bench, "another", tls),
            asyncio.timeout(20),
        ):
            with pytest.raises(aiomqtt.MqttError):
                async for _ in first.messages():
                    pass
        await other.publish(str(Topic(THERE, Kind.HAND)), b"still in", retain=False)


def _as_it_likes(bench: BrokerFixture, site: str, claimed: str) -> aiomqtt.Client:
    """A program of a box that names itself, and a user, as it likes."""
    return aiomqtt.Client(
        bench.broker.host, bench.broker.port, identifier=claimed, username=PROVINCE,
        password="x",
        protocol=aiomqtt.ProtocolVersion.V5, tls_context=bench.identity(site),
    )  # fmt: skip
