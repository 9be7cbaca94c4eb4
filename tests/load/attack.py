"""Sites report and the chair looks on, while one floods, strangers idle, passwords are guessed.

Each report of the other sites is timed from when the site says it to when another connection to the
database sees it. The simulated sites and the attackers share this machine with the program, as they
do not in the field: all figures hold their cost as well.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import select, text

from appliance.base.tasks import cancel_and_wait
from services.province.passed_over import Part
from services.province.storage.database import Database
from services.province.storage.tables import PassedOver
from services.simulate.fleet import issue_certificates, names
from tests.load import counting
from tests.load.console import Console
from tests.load.counting import Name
from tests.load.machine import quiet, spread
from tests.load.province import Province, serving
from tests.load.simulator import Simulator
from tests.process.waiting import until

STORED_WITHIN_MS = 5000.0
PAGE_WITHIN_MS = 1000.0
"""Both at p95."""
MAX_PROGRAM_MB = 600
"""Resident, at its peak: 64 MB a password check, the rest is the program (2,600 before bounds)."""
MAX_BROKER_MB = 300
"""Its queue for the program holds 128 MiB at most (`MAX_QUEUED_BYTES`); 650 before bounds."""
PAGE_INTERVAL_S = 0.5
STORED_POLL_S = 0.1
MEMORY_INTERVAL_S = 1.0
SETTLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Strength:
    """Of an attack; `calm_s` are measured before it, with the same figures."""

    sites: int = 200
    idle: int = 1100
    logins_per_s: float = 30.0
    seconds: float = 90.0
    calm_s: float = 20.0
    report_interval_s: float = 10.0
    """Of each site: as a box in a meeting (`services/health/intervals.py`)."""


@dataclass(slots=True)
class Watch:
    """Looks at the database, the chair's page and the processes' memory until cancelled."""

    province: Province
    database: Database
    console: Console
    page: str
    stored: dict[Name, float] = field(default_factory=dict)
    """Each report of each site: when it was seen (POSIX s)."""
    page_ms: list[float] = field(default_factory=list)
    statuses: set[object] = field(default_factory=set)
    peak_mb: dict[str, float] = field(default_factory=lambda: {"program": 0.0, "broker": 0.0})
    _row: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """For as long as the context lasts; raises what a look raised."""
        looks = [
            asyncio.create_task(look) for look in (self._store(), self._chair(), self._sizes())
        ]
        try:
            yield
        finally:
            await cancel_and_wait(*looks)
            for look in looks:
                if not look.cancelled():
                    look.result()

    async def _store(self) -> None:
        while True:
            found = await asyncio.to_thread(self._new_rows)
            self.stored |= dict.fromkeys(found, time.time())
            await asyncio.sleep(STORED_POLL_S)

    def _new_rows(self) -> list[Name]:
        asked = text("SELECT rowid, site_id, boot_id, seq FROM heard WHERE rowid > :row")
        with self.database.reading() as session:
            found = session.execute(asked, {"row": self._row}).all()
        self._row = max([self._row, *(one.rowid for one in found)])
        return [(one.site_id, one.boot_id, one.seq) for one in found]

    async def _chair(self) -> None:
        async with self.console.browser() as http:
            while True:
                began = time.monotonic()
                try:
                    status: object = (await http.get(self.page)).status_code
                except httpx.HTTPError as error:
                    status = repr(error)
                took = time.monotonic() - began
                self.statuses.add(status)
                self.page_ms.append(1000 * took)
                await asyncio.sleep(max(0.0, PAGE_INTERVAL_S - took))

    async def _sizes(self) -> None:
        processes = {"program": self.province.program, "broker": self.province.broker()}
        while True:
            for name, process in processes.items():
                resident = process.memory_info().rss / 1e6
                self.peak_mb[name] = max(self.peak_mb[name], round(resident, 1))
            await asyncio.sleep(MEMORY_INTERVAL_S)


async def attack(folder: Path, strength: Strength) -> dict[str, Any]:
    """The round; ``right``: nothing lost, all in time and in bounds, and the flooder named."""
    province = Province(folder)
    *sites, flooder = names(strength.sites + 1)
    simulator = Simulator(province, folder, len(sites))
    identities = folder / "identities"
    async with serving(province) as database:
        console = await province.console()
        await console.import_sites(await Simulator(province, folder, len(sites) + 1).sheet())
        counting.install(database)
        issue_certificates(province.local_broker, [flooder], identities, time.time())
        begin = float(int(time.time()) + 2)
        meeting = await console.enter_meeting("Giao ban", begin)
        page = f"/floor/{meeting.rpartition('/')[2]}/{begin:.0f}"
        watch = Watch(province, database, console, page)
        try:
            await simulator.start(console, "--interval", f"{strength.report_interval_s:g}")
            await until("all report and have their feed",
                        lambda: simulator.who("health") & simulator.who("feed") >= set(sites),
                        within=300.0)  # fmt: skip
            before = [province.program, province.broker()]
            async with watch.running():
                calm = await _measured(simulator, watch, strength.calm_s)
                async with _attackers(province, strength, identities / f"{flooder}.pem") as done:
                    attacked = await _measured(simulator, watch, strength.seconds)
                    end = time.monotonic() + SETTLE_S
                    while not _named(database) and time.monotonic() < end:  # on a busy machine
                        await asyncio.sleep(STORED_POLL_S)
                crowd = await simulator.leave()
                said = _said(simulator)
                end = time.monotonic() + SETTLE_S
                while said.keys() - watch.stored.keys() and time.monotonic() < end:
                    await asyncio.sleep(STORED_POLL_S)
            account = await asyncio.to_thread(counting.account, database, said)
            found = {
                "sites": len(sites),
                "calm": calm,
                "attacked": attacked | {"seconds": strength.seconds},
                "attackers": done,
                "said": account.said,
                "lost": len(account.missing),
                "newest_not_stored": len(account.behind),
                "named_as_flooding": _named(database),
                "restarts": sum(not one.is_running() for one in before),
                "sites_reconnected": int(str(crowd["connections"])) - len(sites),
                "peak_mb": watch.peak_mb,
                "bounds_mb": {"program": MAX_PROGRAM_MB, "broker": MAX_BROKER_MB},
                "page_answers": sorted(watch.statuses, key=str),
                "quiet": quiet(),
            }
        finally:
            await simulator.end()
    in_time = within(attacked["stored_ms"]["p95"], STORED_WITHIN_MS) and within(
        attacked["page_ms"]["p95"], PAGE_WITHIN_MS
    )
    return {"right": in_time and unharmed(found, flooder), "in_time": in_time, **found}


def unharmed(found: dict[str, Any], flooder: str) -> bool:
    """All that the round must show on whatever machine: it says nothing of time."""
    return (
        found["said"] > 0 == found["lost"] == found["newest_not_stored"] == found["restarts"]
        and found["named_as_flooding"] == [flooder]
        and found["page_answers"] == [httpx.codes.OK]
        and all(most <= found["bounds_mb"][name] for name, most in found["peak_mb"].items())
    )


def within(value: float | None, bound: float) -> bool:
    """False, too, where nothing was measured."""
    return value is not None and value <= bound


async def _measured(simulator: Simulator, watch: Watch, seconds: float) -> dict[str, Any]:
    """What is said and asked in the next `seconds`; a report that is not there is late for ever."""
    since, pages = time.time(), len(watch.page_ms)
    await asyncio.sleep(seconds)
    page_ms, end = watch.page_ms[pages:], time.time()
    said = {name: at for name, at in _said(simulator, since).items() if at <= end}
    late = time.monotonic() + SETTLE_S
    while said.keys() - watch.stored.keys() and time.monotonic() < late:
        await asyncio.sleep(STORED_POLL_S)
    now = time.time()
    took = [1000 * (watch.stored.get(name, now) - at) for name, at in said.items()]
    return {"stored_ms": spread(took), "page_ms": spread(page_ms)}


def _said(simulator: Simulator, since: float = 0.0) -> dict[Name, float]:
    return {
        (line["site"], line["boot"], line["seq"]): line["at"]
        for line in simulator.events("health", since)
    }


def _named(database: Database) -> list[str]:
    with database.reading() as session:
        asked = select(PassedOver.subject).where(PassedOver.part == Part.FLOOD)
        return sorted(session.scalars(asked))


@asynccontextmanager
async def _attackers(
    province: Province, strength: Strength, identity: Path
) -> AsyncIterator[dict[str, Any]]:
    """All three, in their process, for as long as the context lasts; then what they did."""
    done: dict[str, Any] = {}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.load.attackers", "--port", str(province.port),
        "--broker-port", str(province.local_broker.port), "--ca", str(province.ca),
        "--site", identity.stem, "--identity", str(identity), "--idle", str(strength.idle),
        "--logins", str(strength.logins_per_s), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    used = psutil.Process(process.pid)
    try:
        yield done
        cpu = used.cpu_times()
        process.terminate()
        async with asyncio.timeout(60.0):
            output, _ = await process.communicate()
        done |= json.loads(output) | {"cpu_s": round(cpu.user + cpu.system, 1)}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
