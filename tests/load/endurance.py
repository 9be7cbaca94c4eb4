"""Thousands of sites: minutes of calm with pages read meanwhile, then its parts are killed in turn.

Counted is each health report by its name (site, boot, seq): all that a site said, acknowledged by
the broker or not, against all that the database was given. Nothing said is lost, so nothing
acknowledged is.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from appliance.base.tasks import cancel_and_wait
from services.province.storage.database import Database
from services.simulate.fleet import names
from tests.load import counting
from tests.load.console import Console
from tests.load.counting import Account, Name
from tests.load.machine import Costs, quiet, spread
from tests.load.province import Province, serving
from tests.load.simulator import Simulator
from tests.process.waiting import until, until_told
from tests.province.postgres import Postgres, postgres

PAGE_WITHIN_MS = 300.0
BETWEEN_PAGES_S = 0.5
DOWN_S = 10.0
"""How long the database stays away."""
BACK_WITHIN_S = 240.0


@dataclass(slots=True)
class Reader:
    """Reads the first page and one site's in turn; ``took`` is ms by kind of page."""

    console: Console
    sites: list[str]
    took: dict[str, list[float]] = field(
        default_factory=lambda: {"first_page": [], "site_page": []}
    )
    failed: int = 0

    async def run(self) -> None:
        """Until cancelled."""
        lot = random.Random(1)
        while True:
            async with self.console.browser() as http:
                try:
                    while True:
                        await self._read(http, "first_page", "/")
                        await self._read(http, "site_page", f"/sites/{lot.choice(self.sites)}")
                except httpx.HTTPError:
                    self.failed += 1
            await asyncio.sleep(BETWEEN_PAGES_S)

    async def _read(self, http: httpx.AsyncClient, name: str, path: str) -> None:
        began = time.monotonic()
        (await http.get(path)).raise_for_status()
        self.took[name].append(1000 * (time.monotonic() - began))
        await asyncio.sleep(BETWEEN_PAGES_S)


async def endurance(
    folder: Path, count: int, interval_s: float, between_s: float, *, sqlite: bool
) -> dict[str, Any]:
    """The round; the parts are killed `between_s` apart. ``right``: nothing lost, pages in time."""
    with ExitStack() as stack:
        server = None if sqlite else stack.enter_context(postgres(durable=True))
        province = Province(folder, "" if server is None else server.create("load"))
        simulator = Simulator(province, folder, count)
        async with serving(province) as database:
            console = await province.console()
            import_s = await console.import_sites(await simulator.sheet())
            counting.install(database)
            try:
                bench = _Bench(province, database, server, console, simulator, names(count))
                return {**await bench.run(interval_s, between_s), "import_s": import_s}
            finally:
                await simulator.end()


@dataclass(frozen=True, slots=True)
class _Bench:
    province: Province
    database: Database
    server: Postgres | None
    console: Console
    simulator: Simulator
    sites: list[str]

    async def run(self, interval_s: float, between_s: float) -> dict[str, Any]:
        began = time.time()
        await self.simulator.start(self.console)
        await self._all("connected", began)
        up_s = round(time.time() - began, 1)
        calm = await self._calm(interval_s)
        killed = {}
        blows: dict[str, Callable[[], Awaitable[None]]] = {
            "broker": self.province.kill_broker,
            "program": self._kill_program,
        }
        if self.server is not None:
            blows["database"] = self._crash_database
        if between_s > 0:
            for name, blow in blows.items():
                killed[name] = await self._killed(name, blow, between_s)
        last = await self.simulator.leave()
        stored = await self._settled()
        return {
            "right": calm.pop("right") and stored.right,
            "sites": len(self.sites),
            "database": self.database.url.get_backend_name(),
            "all_connected_after_s": up_s,
            "calm": calm,
            "killed": killed,
            "said": stored.said,
            "stored": stored.stored,
            "lost": len(stored.missing),
            "first_lost": stored.missing[:5],
            "newest_not_stored": len(stored.behind),
            "stored_more_than_once": stored.twice,
            "quiet": quiet(),
            "crowd": last,
        }

    async def _calm(self, seconds: float) -> dict[str, Any]:
        processes = {"province": self.province.program, "broker": self.province.broker(),
                     "crowd": self.simulator.process}  # fmt: skip
        before = len(self._said())
        costs = Costs(**processes)
        reader = Reader(self.console, self.sites)
        reading = asyncio.create_task(reader.run(), name="pages")
        try:
            await asyncio.sleep(seconds)
        finally:
            await cancel_and_wait(reading)
        if not reading.cancelled():
            reading.result()
        used = costs.so_far()
        pages = {name: spread(took) for name, took in reader.took.items()}
        slowest = max((float(page["p95"] or 1e9) for page in pages.values()), default=1e9)
        return {
            "right": slowest < PAGE_WITHIN_MS and not reader.failed,
            "seconds": seconds,
            "reports_per_s": round((len(self._said()) - before) / seconds, 1),
            "page_ms": pages,
            "pages_failed": reader.failed,
            "used": {**used, **self._database_memory()},
        }

    async def _killed(
        self, name: str, blow: Callable[[], Awaitable[None]], seconds: float
    ) -> dict[str, Any]:
        """Until `seconds` are over and the sites are back."""
        at = time.time()
        await blow()
        up_s = round(time.time() - at, 1)
        back_s = None
        if name != "database":
            await self._all("connected", at)
            back_s = round(time.time() - at, 1)
        await until_told("the first page answers", self._page_answers, within=BACK_WITHIN_S)
        await asyncio.sleep(max(0.0, at + seconds - time.time()))
        return {"up_again_after_s": up_s, "all_sites_back_after_s": back_s}

    async def _kill_program(self) -> None:
        await self.province.kill()
        await self.province.start()

    async def _crash_database(self) -> None:
        assert self.server is not None
        await asyncio.to_thread(self.server.crash)
        await asyncio.sleep(DOWN_S)
        await asyncio.to_thread(self.server.start)

    async def _page_answers(self) -> bool:
        try:
            await self.console.first_page()
        except httpx.HTTPError:
            return False
        return True

    async def _all(self, what: str, since: float) -> None:
        await until(f"all are {what}", lambda: self.simulator.who(what, since) >= set(self.sites),
                    within=BACK_WITHIN_S + len(self.sites) / 20,
                    else_say=lambda: len(self.simulator.who(what, since)))  # fmt: skip

    def _said(self) -> set[Name]:
        return {
            (line["site"], line["boot"], line["seq"]) for line in self.simulator.events("health")
        }

    async def _settled(self) -> Account:
        """The broker may hold some yet; the program takes them in."""
        said, until_s = self._said(), time.monotonic() + 120.0
        while True:
            found = await asyncio.to_thread(counting.account, self.database, said)
            if found.right or time.monotonic() > until_s:
                return found
            await asyncio.sleep(1.0)

    def _database_memory(self) -> dict[str, dict[str, float]]:
        if self.server is None:
            return {}
        root = psutil.Process(self.server.process.pid)
        pss = sum(one.memory_full_info().pss for one in [root, *root.children(recursive=True)])
        return {"database": {"pss_mb": round(pss / 1e6, 1)}}
