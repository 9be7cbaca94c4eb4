"""The ingest on a real broker: acknowledged when stored, whatever is killed or away meanwhile."""

import time
from pathlib import Path

import pytest

from appliance.wire.desired import Desired
from appliance.wire.report import Health, Presence
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind, Topic
from services.province.broker.batch_writer import Incoming
from services.province.broker.configuration import COPIES
from services.province.broker.duplicate_devices import MAX_BOOTS, SiteBoots, after_presence
from tests.health.reporting import reporting, site_reporter
from tests.peers.mosquitto import broker_fixture, connected_as
from tests.process.waiting import until
from tests.province.broker.memory_store import MemoryStore, ingest, running_ingest

SITE = "ia-kly"


def numbers(store: MemoryStore) -> set[int]:
    found = [report for report in store.kept.values() if isinstance(report, Health)]
    return {int(report.figures["number"]) for report in found}


async def test_what_sites_say_is_stored(tmp_path: Path) -> None:
    bench, store = broker_fixture(tmp_path), MemoryStore()
    async with bench.running(), running_ingest(ingest(bench, store)) as one:
        async with reporting(site_reporter(bench, tmp_path)) as site:
            for number in range(20):
                site.health(number)
            await until("all are stored", lambda: numbers(store) == set(range(20)))
        ends = await until(
            "the end is stored",
            lambda: [r for r in store.kept.values() if isinstance(r, Presence) and not r.online],
        )
        assert ends[0].reason == "stopping"
        assert one.counts.stored >= 22
        assert one.counts.newest_at > 0


async def test_a_database_that_is_away_is_waited_for(tmp_path: Path) -> None:
    bench, store = broker_fixture(tmp_path), MemoryStore()
    store.fails = lambda _: True
    async with (
        bench.running(),
        running_ingest(ingest(bench, store)),
        reporting(site_reporter(bench, tmp_path)) as s,
    ):
        for number in range(20):
            s.health(number)
        await until("it was tried", lambda: store.batches >= 3)
        assert not store.kept
        store.fails = lambda _: False
        await until("all are stored", lambda: numbers(store) == set(range(20)))


@pytest.mark.parametrize("calls", [1, 2, 7, 14, 21, 23, 25])
async def test_a_database_that_comes_back_in_the_middle_loses_nothing(
    tmp_path: Path, calls: int
) -> None:
    """It is away for so many tries, which end within a batch's pass one by one."""
    bench, store = broker_fixture(tmp_path), MemoryStore()
    site = site_reporter(bench, tmp_path)
    async with bench.running(), reporting(site):
        await until("it is connected", lambda: site.reporter.connected)
        async with running_ingest(ingest(bench, MemoryStore())):
            pass  # from now on the broker keeps what is said
        for number in range(20):
            site.health(number)
        await until("all is said", lambda: site.reporter.published >= 20)
        store.fails = lambda _: store.batches <= calls
        one = ingest(bench, store)
        async with running_ingest(one):
            await until("all are stored", lambda: numbers(store) == set(range(20)))
        assert one.counts.refused == 0


async def test_killed_before_it_stored_it_finds_all_again(tmp_path: Path) -> None:
    bench, store = broker_fixture(tmp_path), MemoryStore()
    async with bench.running(), reporting(site_reporter(bench, tmp_path)) as site:
        store.fails = lambda _: True
        async with running_ingest(ingest(bench, store)):
            for number in range(10):
                site.health(number)
            await until("it was tried", lambda: store.batches >= 3)
        for number in range(10, 20):  # nobody takes in
            site.health(number)
        await until("all is said", lambda: site.reporter.published >= 20)
        store.fails = lambda _: False
        async with running_ingest(ingest(bench, store)):
            await until("all are stored", lambda: numbers(store) == set(range(20)))


async def test_what_cannot_be_stored_or_read_holds_up_nothing(tmp_path: Path) -> None:
    bench, store = broker_fixture(tmp_path), MemoryStore()

    def poisoned(batch: object) -> bool:
        return '"number": 7.0' in str(batch).replace("'", '"')

    store.fails = poisoned
    one = ingest(bench, store)
    async with bench.running(), running_ingest(one):
        # Before the site speaks: of two with one name the broker keeps the one that came last.
        async with connected_as(bench, SITE, bench.identity(SITE)) as link:
            for payload in (b"", b"{", b'{"at":1}', b"\xff" * 100):
                await link.publish(str(Topic(SITE, Kind.HEALTH)), payload, retain=False)
        async with reporting(site_reporter(bench, tmp_path)) as site:
            for number in range(20):
                site.health(number)
            expected = set(range(20)) - {7}
            await until("the others are stored", lambda: numbers(store) >= expected)
            await until("the poison is refused", lambda: one.counts.refused >= 5)
    assert numbers(store) == expected


async def test_two_copies_share_the_work_and_one_may_fall(tmp_path: Path) -> None:
    bench, first, second = broker_fixture(tmp_path), MemoryStore(), MemoryStore()
    async with bench.running(), reporting(site_reporter(bench, tmp_path)) as site:
        await until("it is connected", lambda: site.reporter.connected)
        async with running_ingest(ingest(bench, second, name=COPIES[1], shared=True)):
            async with running_ingest(ingest(bench, first, name=COPIES[0], shared=True)):
                for number in range(20):
                    site.health(number)
                await until(
                    "all are stored", lambda: numbers(first) | numbers(second) == set(range(20))
                )
            count = len(numbers(second))
            assert 0 < count < 20
        assert len(first.kept) + len(second.kept) < 40


async def test_a_site_is_told_and_nudged(tmp_path: Path) -> None:
    bench, store = broker_fixture(tmp_path), MemoryStore()
    async with bench.running(), running_ingest(ingest(bench, store)) as one:
        await one.publish_desired(SITE, Desired(time.time(), 1, floor="m"))
        async with reporting(site_reporter(bench, tmp_path)) as site:
            await until("desired is received", lambda: site.received)
            await one.notify_agenda(SITE)
            await until("the nudge is heard", lambda: len(site.received) == 2)
    desired, nudge = site.received
    assert (desired.topic, desired.retained) == (str(Topic(SITE, Kind.DESIRED)), True)
    assert Desired.parse(desired.payload).floor == "m"
    assert (nudge.topic, nudge.payload) == (str(Topic(SITE, Kind.NUDGE)), b"")
    assert not nudge.retained


async def test_two_boxes_with_one_certificate_are_an_alarm(tmp_path: Path) -> None:
    """They throw one another off the broker, and each birth is stored."""
    bench, store, alarms = broker_fixture(tmp_path), MemoryStore(), list[str]()
    (tmp_path / "copy").mkdir()
    async with bench.running(), running_ingest(ingest(bench, store, alarms=alarms)):
        own = site_reporter(bench, tmp_path, boot="boot-own")
        copy = site_reporter(bench, tmp_path / "copy", boot="boot-copy")
        async with reporting(own), reporting(copy):
            await until("it is noticed", lambda: alarms)
    assert alarms[0].startswith("ia-kly: boots boot-")
    assert "speak in turn" in alarms[0]


def birth(boot: str, serial: str = "100", *, online: bool = True) -> Presence:
    return Presence(ReportId(1.0, boot, 1), online, 1, serial)


def after(*presences: Presence) -> SiteBoots:
    known = SiteBoots()
    for presence in presences:
        known = after_presence(known, presence)
    return known


def test_one_box_that_starts_again_and_again_is_one_box() -> None:
    assert after(*(birth(f"b{number}") for number in range(50))).suspicion == ""
    assert len(after(*(birth(f"b{number}") for number in range(50))).boots) == MAX_BOOTS
    assert after(birth("b1"), birth("b1"), birth("b1", online=False)).suspicion == ""


def test_a_will_that_comes_late_tells_nothing() -> None:
    assert after(birth("b1"), birth("b2"), birth("b1", online=False)).suspicion == ""


def test_another_board_is_no_suspicion_until_the_first_speaks_again() -> None:
    assert after(birth("b1", "100"), birth("b2", "200")).suspicion == ""
    said = after(birth("b1", "100"), birth("b2", "200"), birth("b1", "100")).suspicion
    assert said == "boots b2 and b1 speak in turn, boards 100 and 200"


def test_a_report_is_stored_without_its_id_in_its_state() -> None:
    report = birth("b1")
    state = Incoming(SITE, Kind.PRESENCE, report, 1.0).state
    assert set(state) & {"at", "boot_id", "seq"} == set()
    assert state["online"] is True
