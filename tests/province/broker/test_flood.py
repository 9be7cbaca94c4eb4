"""One site floods the broker: the others' reports are stored in time, and it is named."""

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.base.mqtt import Message
from appliance.base.tasks import cancel_and_wait
from appliance.wire.fields import MAX_PAYLOAD_BYTES
from appliance.wire.report import Health, parse_report, print_report
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind, Topic
from services.province.broker.batch_writer import Incoming, UnstorableError
from services.province.broker.configuration import MAX_QUEUED_BYTES
from services.province.broker.fair_queue import FairQueue
from services.province.broker.site_bounds import BYTES, MESSAGES, SiteBounds
from services.province.passed_over import Part
from tests.health.reporting import reporting, site_reporter
from tests.load.attackers import Done, flood, large_report
from tests.peers.mosquitto import broker_fixture, connected_as
from tests.process.waiting import until
from tests.province.broker.memory_store import MemoryStore, ingest, running_ingest

SITE, FLOODER = "ia-kly", "hung-du"


def test_the_flood_is_of_valid_reports_of_nearly_the_largest_size() -> None:
    payload = large_report(1)
    assert MAX_PAYLOAD_BYTES / 2 < len(payload) < MAX_PAYLOAD_BYTES
    assert isinstance(parse_report(Kind.HEALTH, payload), Health)


@pytest.mark.case("K8")
async def test_others_are_stored_in_time_beside_a_flood(tmp_path: Path) -> None:
    bench, store, told = broker_fixture(tmp_path), MemoryStore(), list[tuple[Part, str]]()
    one = ingest(bench, store, tell=lambda part, subject, _: told.append((part, subject)))

    done = Done()
    async with bench.running(), running_ingest(one):
        flooding = asyncio.create_task(flood(bench.broker, FLOODER, bench.identity(FLOODER), done))
        async with reporting(site_reporter(bench, tmp_path)) as site:
            await until("the flood is more than is taken", lambda: done.flood_refused > 200)
            for number in range(5):
                site.health(number)
                said = time.monotonic()
                await until("it is stored", lambda: number in numbers(store))  # noqa: B023
                assert time.monotonic() - said < 5.0
        await cancel_and_wait(flooding)
        kept = [report for (name, _, _), report in store.kept.items() if name == FLOODER]
        size = sum(len(print_report(report)) for report in kept)
        assert size < 2 * BYTES.burst
    assert (Part.FLOOD, FLOODER) in told
    assert {subject for part, subject in told if part is Part.FLOOD} == {FLOODER}


def numbers(store: MemoryStore) -> set[int]:
    return {
        int(report.figures["number"])
        for report in store.kept.values()
        if isinstance(report, Health) and "number" in report.figures
    }


@pytest.mark.case("K7")
async def test_hundreds_of_hopeless_reports_are_refused_each_alone(tmp_path: Path) -> None:
    """As many as the broker sends at once, and no good one among them."""
    bench, store, told = broker_fixture(tmp_path), MemoryStore(), list[str]()

    def poisoned(batch: object) -> bool:
        if "'bad': 1.0" in str(batch):
            raise UnstorableError("no letter")
        return False

    store.fails = poisoned
    one = ingest(bench, store, tell=lambda _, subject, why: told.append(f"{subject} {why}"))
    bad = [Health(ReportId(1.0, "b", n), figures={"bad": 1.0}) for n in range(400)]
    async with bench.running(), running_ingest(one):
        async with connected_as(bench, SITE, bench.identity(SITE)) as link:
            topic = str(Topic(SITE, Kind.HEALTH))
            for first in range(0, 400, 50):
                some = bad[first : first + 50]
                await asyncio.gather(
                    *(link.publish(topic, print_report(report), retain=False) for report in some)
                )
        async with reporting(site_reporter(bench, tmp_path)) as site:
            site.health(1)
            await until("the next is stored", lambda: 1 in numbers(store))
    assert one.counts.refused == 400
    assert one.counts.lost_connections == 0
    assert set(told) == {f"{SITE}/health never stored: UnstorableError: no letter"}


def test_the_bounds_let_through_what_a_disk_kept_and_no_flood() -> None:
    bounds = SiteBounds()
    assert not any(bounds.exceeded("after an outage", 3000, 0.0) for _ in range(700))
    assert not any(bounds.exceeded("at ease", 3000, 10.0 * n) for n in range(10_000))
    taken = sum(not bounds.exceeded("flood", 60_000, 25.0 * n / 5000) for n in range(5000))
    assert taken * 60_000 <= BYTES.burst + 25.0 * BYTES.per_s
    small = sum(not bounds.exceeded("small", 100, 25.0 * n / 50_000) for n in range(50_000))
    assert small <= MESSAGES.burst + 25.0 * MESSAGES.per_s
    assert MAX_QUEUED_BYTES < 2**28


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50)), max_size=60),
    st.integers(1, 10),
    st.integers(1, 120),
)
def test_every_site_is_served_in_turn_and_nothing_is_lost(
    come: list[tuple[int, int]], most: int, most_bytes: int
) -> None:
    queue = FairQueue()
    for number, (site, size) in enumerate(come):
        queue.put(str(site), Message(f"{site}/{number}", b"x" * size, retained=False))
    taken: list[str] = []
    while queue:
        batch = queue.take(most, most_bytes)
        assert 0 < len(batch) <= most
        assert len(batch) == 1 or sum(len(one.payload) for one in batch) <= most_bytes
        taken += [one.topic for one in batch]
    assert sorted(taken) == sorted(f"{site}/{number}" for number, (site, _) in enumerate(come))
    for site in range(5):
        mine = [int(topic.partition("/")[2]) for topic in taken if topic.startswith(f"{site}/")]
        assert mine == sorted(mine)
    first = {site: taken.index(next(t for t in taken if t.startswith(f"{site}/")))
             for site in {site for site, _ in come}}  # fmt: skip
    assert all(place < 5 for place in first.values())


def test_a_batch_is_of_all_sites() -> None:
    queue = FairQueue()
    for number in range(100):
        queue.put("flood", Message(f"flood/{number}", b"x" * 60_000, retained=False))
    queue.put("quiet", Message("quiet/0", b"x", retained=False))
    assert "quiet/0" in {one.topic for one in queue.take(200, 1_000_000)}
    assert Incoming("a", Kind.HEALTH, Health(ReportId(1.0, "b", 1)), 1.0).state == {
        "alarms": [], "figures": {}, "facts": {},
    }  # fmt: skip
