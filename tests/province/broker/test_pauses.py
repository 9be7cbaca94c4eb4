"""Who floods is refused by a real mosquitto for a while, and is back by itself; nobody else is."""

import asyncio
import time
from pathlib import Path

import psutil
import pytest

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, Connection, Refused, connect
from appliance.base.tasks import cancel_and_wait
from appliance.base.tls.province import client_tls
from appliance.wire.report import Health, print_report
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind, Topic
from services.province.broker.configuration import PROVINCE
from services.province.broker.local_broker import LocalBroker, run_local_broker
from services.province.broker.pauses import (
    CONTROL_TOPIC,
    PAUSE_S,
    REPEAT_S,
    Pauses,
    pause_command,
    resume_command,
)
from services.province.broker.site_bounds import BYTES
from services.province.fleet.readiness import SILENT_NEAR_S
from services.province.passed_over import Part
from services.simulate.fleet import issue_certificates
from tests.health.reporting import reporting, site_reporter
from tests.load.attackers import Done, flood, large_report
from tests.peers.mosquitto import broker_fixture, connected_as
from tests.process.ports import free_port
from tests.process.waiting import until
from tests.province.broker.memory_store import MemoryStore, ingest, running_ingest

SITE, FLOODER = "ia-kly", "hung-du"
HEALTH, FLOODED = str(Topic(SITE, Kind.HEALTH)), str(Topic(FLOODER, Kind.HEALTH))


def test_the_broker_is_told_once_and_again_of_who_goes_on() -> None:
    pauses = Pauses()
    assert pauses.exceeded(FLOODER, 0.0)
    assert pauses.to_begin() == [FLOODER]
    assert pauses.begun(FLOODER, 0.1)
    assert not pauses.exceeded(FLOODER, 0.2)  # it was in the broker's queue
    assert pauses.to_begin() == []
    assert pauses.exceeded(FLOODER, 0.1 + REPEAT_S)  # a broker that was started anew
    assert pauses.to_begin() == [FLOODER]
    assert not pauses.begun(FLOODER, 3.0)


def test_a_pause_ends_some_time_after_the_last_that_was_too_many() -> None:
    pauses = Pauses()
    for now in (0.0, 1.0):
        pauses.exceeded(FLOODER, now)
    pauses.begun(FLOODER, 1.0)
    assert pauses.to_end(PAUSE_S) == []
    assert pauses.to_end(1.0 + PAUSE_S) == [FLOODER]
    pauses.ended(FLOODER)
    assert pauses.to_end(1e9) == pauses.to_begin() == []
    assert pauses.exceeded(FLOODER, 2e9)
    assert PAUSE_S + 30.0 <= SILENT_NEAR_S  # a box's longest wait before its next try


async def refused(link: Connection, topic: str) -> bool:
    """Whether it may not publish."""
    try:
        await link.publish(topic, b"{}", retain=False)
    except Refused:
        return True
    return False


@pytest.mark.case("K8")
async def test_who_is_paused_is_thrown_off_and_refused_and_nobody_else_is(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    tls = bench.identity(FLOODER)
    async with (
        bench.running(),
        connected_as(bench, PROVINCE, bench.province) as province,
        connected_as(bench, SITE, bench.identity(SITE)) as other,
    ):
        async with connected_as(bench, FLOODER, tls) as link:
            assert not await refused(link, FLOODED)
            for _ in range(3):  # a command that fails would cost the province its connection
                await province.publish(CONTROL_TOPIC, pause_command(FLOODER), retain=False)
            with pytest.raises(MQTT_ERRORS):
                async with asyncio.timeout(20):
                    async for _ in link.messages():
                        pass
        async with connected_as(bench, FLOODER, tls) as link:
            assert await refused(link, FLOODED)
            assert not await refused(other, HEALTH)
            assert await refused(other, FLOODED)
            for _ in range(3):
                await province.publish(CONTROL_TOPIC, resume_command(FLOODER), retain=False)
        async with connected_as(bench, FLOODER, tls) as link:
            assert not await refused(link, FLOODED)
            assert await refused(link, HEALTH)
        await province.publish(CONTROL_TOPIC, pause_command(FLOODER), retain=False)
    async with bench.running(), connected_as(bench, FLOODER, tls) as link:
        assert not await refused(link, FLOODED)  # nobody would have ended it


async def test_a_site_commands_no_pauses(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    async with bench.running(), connected_as(bench, SITE, bench.identity(SITE)) as link:
        with pytest.raises(Refused):
            await link.publish(CONTROL_TOPIC, pause_command(FLOODER), retain=False)
        assert not await refused(link, HEALTH)


@pytest.mark.case("K8")
async def test_of_an_endless_flood_little_comes_in(tmp_path: Path) -> None:
    """It goes on whatever it is answered, and at full speed whenever a pause is over."""
    bench, store, done = broker_fixture(tmp_path), MemoryStore(), Done()
    one, address = ingest(bench, store, pause_s=1.0), bench.broker
    async with bench.running(), running_ingest(one):
        attacker = asyncio.create_task(flood(address, FLOODER, bench.identity(FLOODER), done))
        await until("it was paused", lambda: done.flood_refused > 100)
        first = done.flood_bytes
        end = time.monotonic() + 5.0
        await until("it was paused again and again",
                    lambda: time.monotonic() > end and done.flood_connections > 3)  # fmt: skip
        await cancel_and_wait(attacker)
        assert first < BYTES.burst + 40e6
        assert done.flood_refused > 2 * done.flood_reports
        assert one.counts.lost_connections == 0


@pytest.mark.case("K8")
async def test_a_box_that_flooded_is_back_by_itself_with_its_newest_state(tmp_path: Path) -> None:
    bench, store, told = broker_fixture(tmp_path), MemoryStore(), list[tuple[Part, str]]()
    site = site_reporter(bench, tmp_path)
    one = ingest(bench, store, tell=lambda part, subject, _: told.append((part, subject)),
                 pause_s=1.0)  # fmt: skip
    size = len(large_report(0))
    async with bench.running(), running_ingest(one), reporting(site):
        await until("it is connected", lambda: site.reporter.connected)
        for number in range(int(BYTES.burst / size) + 20):
            report = Health(site.sequence.next(time.time()), figures={"large": float(number)},
                            facts={f"fact{n}": "x" * 500 for n in range(64)})  # fmt: skip
            site.reporter.send(report)
            site.reporter.send(report)
            await asyncio.sleep(0)
        await until("it is thrown off", lambda: not site.reporter.connected)
        last = site.health(7)
        await until("its newest state is stored", lambda: (SITE, "boot-1", last.seq) in store.kept)
    assert set(told) == {(Part.FLOOD, SITE)}


async def test_a_broker_that_is_started_anew_has_nobody_paused(tmp_path: Path) -> None:
    """Beside the program, as it serves: who would end a pause that a killed one began?"""
    choice, done = LocalBroker(tmp_path / "broker", port=free_port()), Done()
    address = BrokerAddress(choice.host, choice.port)
    async with run_local_broker(choice, MemoryStore().store) as province:
        issue_certificates(choice, [FLOODER], tmp_path, time.time())
        tls = client_tls(choice.files.authority, tmp_path / f"{FLOODER}.pem")
        attacker = asyncio.create_task(flood(address, FLOODER, tls, done))
        await until("it is refused", lambda: done.flood_refused > 0)
        await cancel_and_wait(attacker)
        async with connect(address, FLOODER, tls) as link:
            assert await refused(link, FLOODED)
        (broker,) = (one for one in psutil.Process().children()
                     if str(choice.files.configuration) in one.cmdline())  # fmt: skip
        counts = province.ingest.counts
        lost = counts.lost_connections
        broker.kill()
        await until("it was lost, and is back",
                    lambda: counts.lost_connections > lost and counts.connected)  # fmt: skip
        async with connect(address, FLOODER, tls) as link:
            assert not await refused(link, FLOODED)


async def test_two_megabytes_after_an_outage_are_taken_at_once(tmp_path: Path) -> None:
    bench, store, told = broker_fixture(tmp_path), MemoryStore(), list[str]()
    facts = {f"fact{number}": "x" * 300 for number in range(9)}
    one = ingest(bench, store, tell=lambda _, subject, why: told.append(f"{subject} {why}"))
    kept = [print_report(Health(ReportId(1.0, "b", n), facts=facts)) for n in range(700)]
    assert sum(map(len, kept)) > 1_900_000
    async with bench.running(), running_ingest(one):
        async with connected_as(bench, SITE, bench.identity(SITE)) as link:
            for first in range(0, len(kept), 50):
                some = kept[first : first + 50]
                await asyncio.gather(*(link.publish(HEALTH, each, retain=False) for each in some))
        await until("all are stored", lambda: len(store.kept) == len(kept))
    assert told == []
