"""``diemcau health`` as a process: systemd's end, a real broker, a box that is spoiled under it."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from appliance.wire.report import Hand, Health, Meeting, Presence
from appliance.wire.topics import Kind, Topic
from services.health.credentials import private_pem
from services.province.broker.access import PROVINCE
from tests.hardware.vitals.trees import spoil
from tests.health.boxes import Bench, bench
from tests.health.broker import BrokerBench, Ear, broker_bench, ear, linked
from tests.process.notify import NotifySocket
from tests.process.waiting import until

SITE = "ia-kly"
SITE_FILE = """\
[site]
id = "ia-kly"
name = "Xã Ia Kly"
[agenda]
url = "/data/agenda.ics"
[province]
broker = "mqtts://127.0.0.1:{port}"
ca = "{ca}"
[clock]
trust = "always"
"""


class Program:
    """The program in its own process; `one` is its box."""

    def __init__(self, folder: Path, broker: BrokerBench) -> None:
        self.one: Bench = bench(folder)
        self.run = folder / "run"
        self.run.mkdir()
        self.notify = NotifySocket(folder / "notify")
        self.process: asyncio.subprocess.Process | None = None
        self._log = folder / "health.log"
        self._site = folder / "site.toml"
        text = SITE_FILE.format(port=broker.files.port, ca=broker.files.authority)
        self._site.write_text(text)
        pair = broker.pair(SITE, days=300)
        (self.one.data / "identity.pem").write_bytes(private_pem(pair.key) + pair.pem)

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", "health", "--site", str(self._site),
                "--data", str(self.one.data), "--run", str(self.run), "--root", str(self.one.root),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env={"NOTIFY_SOCKET": str(self.notify.path), "PATH": "/usr/bin:/bin"},
            )  # fmt: skip

    async def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        async with asyncio.timeout(40):
            return await self.process.wait()

    def endpoint(self, **facts: Any) -> None:
        """What the endpoint writes, as fresh as can be."""
        told = {"at": time.time(), "boot_id": "b", "phase": "idle", "lamp": "off", "troubles": []}
        (self.run / "endpoint.json").write_text(json.dumps(told | facts))

    def facts(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads((self.run / "health.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return told

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[tuple[Program, Ear, BrokerBench]]:
    """The program, started, and the province's ear on a broker between them."""
    broker = broker_bench(folder / "broker")
    folder = folder / "box"
    folder.mkdir()
    async with broker.running(), ear(broker) as province:
        one = Program(folder, broker)
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
        assert birth.stamp.boot_id == first.stamp.boot_id
        await until("systemd is told", lambda: one.notify.count("READY=1"))
        await until("the watchdog is fed", lambda: one.notify.count("WATCHDOG=1") >= 2)

        one.endpoint(phase="in meeting", meeting="m", lamp="amber", call="up")
        await until("the hand is heard", lambda: [hand for hand in of(Hand) if hand.up])
        assert "in meeting" in [meeting.phase for meeting in of(Meeting)]

        async with linked(broker, PROVINCE, broker.province) as link:
            await link.publish(str(Topic(SITE, Kind.NUDGE)), b"", retain=False)
        await until("the nudge is in the fact file", lambda: one.facts().get("nudges") == 1)

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
        assert after.stamp.boot_id == before.stamp.boot_id
        assert after.stamp.seq > before.stamp.seq


def _healths(province: Ear) -> list[Health]:
    return [report for report in province.reports(SITE) if isinstance(report, Health)]
