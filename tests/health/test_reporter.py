"""The reporter on a real broker: birth and will, cut lines, a killed broker, nothing lost."""

import os
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.base.mqtt import Message
from appliance.wire.desired import Desired
from appliance.wire.report import Hand, Health, Presence, Report
from appliance.wire.topics import Kind, Topic
from services.health.province_messages import ProvinceMessages
from services.health.sequence import Sequence
from services.province.broker.configuration import PROVINCE
from tests.health.reporting import SITE, reporting, site_reporter
from tests.peers.mosquitto import Listener, broker_fixture, connected_as, listening
from tests.peers.relay import relay
from tests.process.waiting import until


def numbers(heard: list[Report]) -> list[int]:
    return [int(report.figures["number"]) for report in heard if isinstance(report, Health)]


def presences(province: Listener) -> list[Presence]:
    return [report for report in province.reports(SITE) if isinstance(report, Presence)]


async def heard(province: Listener, count: int) -> None:
    await until(
        f"{count} reports are heard",
        lambda: set(range(count)) <= set(numbers(province.reports(SITE))),
        else_say=lambda: numbers(province.reports(SITE)),
    )


async def test_birth_reports_and_a_wanted_end(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    async with bench.running(), listening(bench) as province:
        async with reporting(site_reporter(bench, tmp_path)) as one:
            for number in range(3):
                one.health(number)
            await heard(province, 3)
        await until("the end is heard", lambda: len(presences(province)) >= 2)
        birth, end = presences(province)
        assert birth.online
        assert not end.online
        assert (end.session, end.reason) == (birth.session, "stopping")
        assert end.after(birth)
        assert one.reporter.published == 3
        assert one.backlog.empty
    ids = [report.id for report in province.reports(SITE)]
    assert len({(one.boot_id, one.seq) for one in ids}) == len(set(ids))


async def test_who_comes_late_finds_how_it_is_now(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    async with bench.running(), reporting(site_reporter(bench, tmp_path)) as one:
        for number in range(5):
            one.health(number)
        report_id = one.sequence.next(time.time())
        one.reporter.send(Hand(report_id, up=True, since=report_id.at, meeting="m"))
        await until("all is said", lambda: one.reporter.published == 6)
        async with listening(bench) as late:
            await until("three are heard", lambda: len(late.heard) == 3)
    assert all(message.retained for message in late.heard)
    assert numbers(late.reports(SITE)) == [4]
    assert presences(late)[0].online


async def test_what_the_province_says_is_heard(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    async with bench.running(), reporting(site_reporter(bench, tmp_path)) as one:
        await until("it is connected", lambda: one.reporter.connected)
        async with connected_as(bench, PROVINCE, bench.province) as link:
            await link.publish(str(Topic(SITE, Kind.NUDGE)), b"", retain=False)
        await until("the nudge is heard", lambda: len(one.received) == 1)
    assert one.received[0] == Message(str(Topic(SITE, Kind.NUDGE)), b"", False)


async def test_what_is_said_while_the_line_is_gone_is_kept_and_sent(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    one = site_reporter(bench, tmp_path)
    async with reporting(one):  # no broker at all
        for number in range(40):
            one.health(number)
        await until("it is on the disk", lambda: not one.backlog.empty)
    again = site_reporter(bench, tmp_path)  # the program was started again
    async with bench.running(), listening(bench) as province, reporting(again):
        again.health(40)
        await heard(province, 41)
        await until("nothing is kept", lambda: again.backlog.empty)
    first = [n for n in numbers(province.reports(SITE)) if n != 40]
    assert sorted(set(first)) == list(range(40))


async def test_the_will_of_a_lost_site_speaks_of_its_own_session(tmp_path: Path) -> None:
    """The line is cut without a word: the broker misses the site and says so."""
    bench = broker_fixture(tmp_path)
    async with (
        bench.running(),
        listening(bench) as province,
        relay(bench.files.port) as line,
        reporting(site_reporter(bench, tmp_path, port=line.port)),
    ):
        (birth,) = await until("the birth is heard", lambda: presences(province))
        line.cut()
        will = await until(
            "the will is heard", lambda: [p for p in presences(province) if not p.online]
        )
        assert (will[0].session, will[0].reason) == (birth.session, "lost")
        assert will[0].after(birth)
        line.mend()
        newer = await until(
            "it is back",
            lambda: [p for p in presences(province) if p.online and p.session > birth.session],
        )
        assert not will[0].after(newer[0])


async def test_a_broker_killed_in_mid_load_costs_no_report(tmp_path: Path) -> None:
    """What it had acknowledged and not written down is said again to its successor."""
    bench = broker_fixture(tmp_path)
    one = site_reporter(bench, tmp_path)
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(bench.running())
        province = await stack.enter_async_context(listening(bench))
        os.kill(broker.pid, signal.SIGUSR1)  # write down who listens, as it does every 15 s
        await until("the sessions are saved", (tmp_path / "store/mosquitto.db").exists)
        await stack.enter_async_context(reporting(one))
        for number in range(30):
            one.health(number)
        await until("some are said", lambda: one.reporter.published >= 10)
        os.kill(broker.pid, signal.SIGKILL)
        await broker.ended()
        for number in range(30, 60):
            one.health(number)
        await stack.enter_async_context(bench.running())
        await heard(province, 60)


@pytest.mark.case("K13")
async def test_what_a_restored_province_asks_for_is_sent_again_once(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    async with bench.running(), reporting(site_reporter(bench, tmp_path)) as one:
        messages = ProvinceMessages(time.time, lambda: None, one.reporter.resend)
        for number in range(20):
            one.health(number)
        await until("all is acknowledged", lambda: one.reporter.published == 20)
        since = time.time()
        for number in range(20, 30):
            one.health(number)
        await until("all is acknowledged", lambda: one.reporter.published == 30)
        async with listening(bench) as province:
            await until("the last is retained", lambda: numbers(province.reports(SITE)) == [29])
            for _ in range(3):
                wish = Desired(time.time(), 1, resend_since=since)
                messages.receive(Message(str(Topic(SITE, Kind.DESIRED)), wish.payload, True))
            await until(
                "they come again", lambda: len(numbers(province.reports(SITE))) >= 11, within=90
            )
            one.health(30)
            await until("a new one comes", lambda: 30 in numbers(province.reports(SITE)))
            assert numbers(province.reports(SITE)) == [29, *range(20, 30), 30]
            retained = [m for m in province.heard if m.retained]
            assert len(retained) == 2  # its presence and the last


async def test_a_topic_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    bench = broker_fixture(tmp_path)
    access = tmp_path / "access"
    forbidden = "pattern write diemcau/%u/health\n"
    access.write_text(access.read_text().replace(forbidden, ""))
    async with (
        bench.running(),
        listening(bench) as province,
        reporting(site_reporter(bench, tmp_path)) as one,
    ):
        one.health(0)
        one.reporter.send(Hand(one.sequence.next(time.time()), up=False))
        await until(
            "the hand is heard",
            lambda: [report for report in province.reports(SITE) if isinstance(report, Hand)],
        )
    assert numbers(province.reports(SITE)) == []


def test_ids_grow_over_restarts_and_within_a_millisecond() -> None:
    boot = 100.0
    sequence = Sequence("b", lambda: boot)
    first = [sequence.next(5.0) for _ in range(3)]
    assert [report_id.seq for report_id in first] == [100_000, 100_001, 100_002]
    boot = 100.5
    again = Sequence("b", lambda: boot).next(4.0)
    assert again.seq == 100_500
    assert again.at == 4.0
