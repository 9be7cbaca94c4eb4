"""``diemcau health`` as a process: systemd's end, a real broker, a box that is spoiled under it."""

import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from appliance.wire.desired import Desired
from appliance.wire.report import Hand, Health, Meeting, Presence
from appliance.wire.topics import Kind, Topic
from services.health.credentials import private_pem
from services.province.broker.configuration import PROVINCE
from tests.hardware.vitals.trees import spoil
from tests.health.process import SITE, Program
from tests.peers.mosquitto import BrokerFixture, Listener, broker_fixture, connected_as, listening
from tests.process.waiting import until


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[tuple[Program, Listener, BrokerFixture]]:
    """The program, started, and the province's ear on a broker between them."""
    broker = broker_fixture(folder / "broker")
    folder = folder / "box"
    folder.mkdir()
    async with broker.running(), listening(broker) as province:
        pair = broker.pair(SITE, days=300)
        identity = private_pem(pair.key) + pair.pem
        one = Program(folder, broker.files.port, broker.files.authority, identity)
        one.notify.open()
        one.endpoint()
        await one.start()
        try:
            yield one, province, broker
        finally:
            if one.process is not None and one.process.returncode is None:
                one.process.kill()
                await one.process.wait()
            one.notify.close()


async def test_a_site_tells_how_it_is_and_leaves_with_a_word(tmp_path: Path) -> None:
    async with program(tmp_path) as (one, province, broker):

        def of(kind: type[Any]) -> list[Any]:
            return [report for report in province.reports(SITE) if isinstance(report, kind)]

        first = (await until("health is heard", lambda: of(Health), else_say=one.said))[0]
        assert first.figures["soc_c"] == 52.4
        assert first.facts["serial"] == "10000000a1b2c3d4"
        birth = of(Presence)[0]
        assert (birth.online, birth.release, birth.slot) == (True, "2026.11.1", "A")
        assert birth.id.boot_id == first.id.boot_id
        await until("systemd is told", lambda: one.notify.count("READY=1"))
        await until("the watchdog is fed", lambda: one.notify.count("WATCHDOG=1") >= 2)

        one.endpoint(
            phase="in meeting", meeting="m", hand={"up": True, "confirmed": True}, call="up"
        )
        (hand,) = await until("the hand is heard", lambda: [hand for hand in of(Hand) if hand.up])
        assert "in meeting" in [meeting.phase for meeting in of(Meeting)]

        async with connected_as(broker, PROVINCE, broker.province) as link:
            await link.publish(str(Topic(SITE, Kind.NUDGE)), b"", retain=False)
            seen = Desired(time.time(), 1, floor="m", hand_seen=hand.id.seq)
            await link.publish(str(Topic(SITE, Kind.DESIRED)), seen.payload, retain=True)
        await until("the nudge is in the fact file", lambda: one.facts().get("nudged_at"))
        await until("and the province's word", lambda: one.facts().get("hand_seen") is True)
        assert one.facts()["desired"]["floor"] == "m"

        spoil(one.one.root, "sys/fs/ext4/mmcblk0p5/errors_count", "3")
        alarmed = await until(
            "the alarm is heard",
            lambda: [health for health in of(Health) if any(a.code == "B3" for a in health.alarms)],
            else_say=one.said,
        )
        assert alarmed[0].alarms[-1].remedy["vi"]

        assert await one.end(signal.SIGTERM) == 0
        await until("the end is heard", lambda: [p for p in of(Presence) if not p.online])
        assert of(Presence)[-1].reason == "stopping"
        assert one.notify.count("STOPPING=1") == 1


async def test_killed_it_goes_on_above_what_it_said(tmp_path: Path) -> None:
    async with program(tmp_path) as (one, province, _):
        await until("health is heard", lambda: _healths(province), else_say=one.said)
        assert await one.end(signal.SIGKILL) != 0
        count = len(_healths(province))
        await one.start()
        await until("it speaks again", lambda: len(_healths(province)) > count, else_say=one.said)
        before, after = _healths(province)[count - 1], _healths(province)[-1]
        assert after.id.boot_id == before.id.boot_id
        assert after.id.seq > before.id.seq


def _healths(province: Listener) -> list[Health]:
    return [report for report in province.reports(SITE) if isinstance(report, Health)]
