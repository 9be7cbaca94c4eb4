"""A whole province beside boxes, browsers and files that mean no good.

The program runs as people start it, in its own process, with its own mosquitto and SQLite. Four
sites with real certificates are in bad hands and two are not; browsers send what no form has and
files that are none. What is counted: inputs, ends of the program and of its broker (never), parts
that failed and were started again (never), answers that say that the server failed (never), and
the longest time in which a good site's report waited to be stored.

``python -m tests.fuzz.province --seconds 240`` is a part of ``make fuzz``.
"""

import argparse
import asyncio
import contextlib
import logging
import re
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import select

from appliance.base.mqtt import BrokerAddress
from appliance.base.tasks import cancel_and_wait
from appliance.base.tls.province import client_tls
from services.province import passed_over
from services.province.broker.local_broker import LocalBroker
from services.province.console.app import application
from services.province.console.openapi import ENROLMENT
from services.province.console.render import Pages
from services.province.console.request import Province
from services.province.passed_over import Part
from services.province.settings import Settings
from services.province.storage.database import Database
from services.province.storage.tables import LastReport
from services.simulate.fleet import SimulatedFleet, issue_certificates
from services.simulate.site import BrokerAccess
from services.simulate.tally import EventLog
from tests.fuzz.hostile.boxes import HostileBox
from tests.fuzz.hostile.browsers import ANSWER_S, Answers, HostileBrowser
from tests.fuzz.hostile.mutations import Mutations
from tests.process.ports import free_port
from tests.process.waiting import until
from tests.province.program import Program, a_province

MAX_WAIT_S = 10.0
"""A good site's report is stored within this, whatever the others do."""
GOOD = ("tot-1", "tot-2")
HOSTILE = ("xau-1", "xau-2", "xau-3", "xau-4")
"""The first of them floods."""
BROWSERS = 2
EACH_ITS_OWN = httpx.Limits(max_keepalive_connections=0)
"""Connections: after a request that is none the server closes, which is no fault of the next."""
REPORT_INTERVAL_S = 1.0
LOOK_S = 0.1
KNOWN = {
    "site_id": HOSTILE[1], "site": HOSTILE[1], "sites": HOSTILE[1], "meeting_id": "1",
    "group_id": "1", "group": "1", "account_id": "2", "place": "1", "name": "Xã Ia Kly",
    "title": "Giao ban", "begin": "2027-03-15T14:00", "minutes": "90", "repeat": "weekly",
    "until": "2027-06-01", "address": "sip:1@mcu.vn", "role": "viewer", "days": "7",
    "url": "https://localhost:9/lich", "number": "1", "take": "yes", "instance": "1805094000",
    "password": "mat khau rat dai",
}  # fmt: skip
"""What a form would rightly have: with odd values alone no request comes far."""


@dataclass
class Counts:
    """What came of one run."""

    seed: int
    inputs: Counter[str] = field(default_factory=Counter)
    answers: Answers = field(default_factory=Answers)
    ends: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Parts that were started again, with the reason."""
    tracebacks: list[str] = field(default_factory=list)
    """Errors that nobody expected, from the program's log."""
    passed_over: dict[str, int] = field(default_factory=dict)
    stored: int = 0
    longest_wait_s: float = 0.0

    @property
    def right(self) -> bool:
        """Whether all held."""
        wrong = self.ends or self.failed or self.tracebacks or self.answers.wrong
        return not wrong and self.stored > 0 and self.longest_wait_s <= MAX_WAIT_S

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {kind}" for kind, number in self.inputs.most_common())
        statuses = ", ".join(f"{n}x {code}" for code, n in sorted(self.answers.statuses.items()))
        parts = ", ".join(f"{number} {part}" for part, number in self.passed_over.items() if number)
        wrong = [f"END {one}" for one in self.ends] + [f"FAILED {one}" for one in self.failed]
        wrong += [f"LOG {one}" for one in self.tracebacks[:20]]
        told = "".join(f"\n  {one}" for one in [*wrong, *self.answers.wrong[:20]])
        return (
            f"province, seed {self.seed}: {self.inputs.total()} inputs ({kinds}),"
            f" {len(self.ends)} program ends, {len(self.failed)} failures of parts,"
            f" {len(self.tracebacks)} errors in the log,"
            f" {len(self.answers.wrong)} answers wrong ({statuses};"
            f" the longest {self.answers.longest_s:.1f} s), passed over: {parts or 'nothing'};"
            f" a good site's report waited {self.longest_wait_s:.1f} s at most"
            f" (bound {MAX_WAIT_S:g} s, {self.stored} stored){told}"
        )


class _Said(EventLog):
    """Keeps which report a good site made when, until it is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[str, deque[tuple[int, float]]] = {site: deque() for site in GOOD}

    def note(self, site: str, what: str, **facts: object) -> None:
        """Called by the simulated sites."""
        if what == "health":
            self.waiting[site].append((int(str(facts["seq"])), time.monotonic()))


class _Watch:
    """Looks into the database how long reports wait, and whether the processes are the same."""

    def __init__(self, program: Program, database: Database, said: _Said, counts: Counts) -> None:
        self._program, self._database, self._said, self._counts = program, database, said, counts
        self._broker = self._mosquitto()

    async def run(self) -> None:
        """Until cancelled, or until the program has ended."""
        while self._program.process.returncode is None:
            self.look(await asyncio.to_thread(self._stored))
            await asyncio.sleep(LOOK_S)
        self._counts.ends.append(f"exit code {self._program.process.returncode}")

    def look(self, stored: dict[str, int]) -> None:
        """Whatever is not stored waits, until now at least."""
        now = time.monotonic()
        for site, waiting in self._said.waiting.items():
            if waiting:
                self._counts.longest_wait_s = max(self._counts.longest_wait_s, now - waiting[0][1])
            while waiting and waiting[0][0] <= stored.get(site, -1):
                waiting.popleft()
                self._counts.stored += 1
        if self._program.process.returncode is None and (found := self._mosquitto()) != (
            self._broker
        ):
            self._broker = found
            self._counts.ends.append("the broker ended")

    def _mosquitto(self) -> list[int]:
        children = psutil.Process(self._program.process.pid).children()
        return [one.pid for one in children if one.name() == "mosquitto"]

    def _stored(self) -> dict[str, int]:
        with self._database.reading() as session:
            wanted = select(LastReport.site_id, LastReport.seq).where(
                LastReport.kind == "health", LastReport.site_id.in_(GOOD)
            )
            return {row.site_id: row.seq for row in session.execute(wanted)}


def addresses() -> dict[str, Any]:
    """The routes of the program as OpenAPI has them, with those of devices."""
    settings = Settings(url="http://127.0.0.1")
    app = application(Province(settings, Database("sqlite://"), Pages(settings.zoneinfo)))
    paths: dict[str, Any] = app.openapi()["paths"]
    live: dict[str, Any] = {
        path: {"get": {}} for path in ("/live/home", "/live/alarms", f"/live/sites/{GOOD[0]}")
    }
    return paths | ENROLMENT | live


async def run(folder: Path, seconds: float, seed: int) -> Counts:
    """One province for so long; raises AssertionError where it does not even start."""
    counts, broker_port = Counts(seed), free_port()
    token = folder / "token"
    token.write_text("token")
    words = ("--metrics-token-file", str(token), "--calendar-host", "localhost")
    async with a_province(folder, *words, broker_port=broker_port) as program:
        database = Database(f"sqlite:///{program.data / 'province.db'}")
        try:
            await _beset(program, broker_port, database, folder, counts, seconds)
            with database.reading() as session:
                counts.passed_over = passed_over.counts(session)
                counts.failed += [
                    f"{row.subject}: {row.reason} ({row.count}x)"
                    for row in passed_over.listed(session)
                    if row.part in (Part.FAILED, Part.ENDED)
                ]
        finally:
            database.close()
    if not counts.ends and program.process.returncode:
        counts.ends.append(f"told to end: exit code {program.process.returncode}")
    counts.tracebacks += _tracebacks(program.log.read_text(errors="replace"))
    return counts


async def _beset(
    program: Program,
    broker_port: int,
    database: Database,
    folder: Path,
    counts: Counts,
    seconds: float,
) -> None:
    local = LocalBroker(program.data / "broker", "127.0.0.1", broker_port)
    issue_certificates(local, (*GOOD, *HOSTILE), folder / "sites", time.time())
    address, ca = BrokerAddress("127.0.0.1", broker_port), local.files.authority
    said = _Said()
    fleet = SimulatedFleet(
        BrokerAccess(address, ca), GOOD, folder / "sites",
        interval_s=REPORT_INTERVAL_S, event_log=said,
    )  # fmt: skip
    boxes = [
        HostileBox(
            site, GOOD[0], address, client_tls(ca, folder / "sites" / f"{site}.pem"),
            Mutations(1000 * counts.seed + number), counts.inputs, floods=number == 0,
        )
        for number, site in enumerate(HOSTILE)
    ]  # fmt: skip
    paths = addresses()
    async with contextlib.AsyncExitStack() as stack:
        browsers: list[HostileBrowser] = []
        for number in range(BROWSERS):
            http = await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=program.url, trust_env=False, timeout=ANSWER_S, limits=EACH_ITS_OWN
                )
            )
            one = HostileBrowser(
                http, paths, KNOWN, Mutations(1000 * counts.seed + 500 + number), counts.inputs,
                counts.answers,
            )  # fmt: skip
            await one.log_in(program.password)
            await one.add_sites((*GOOD, *HOSTILE) if number == 0 else ())
            browsers.append(one)
        watch = _Watch(program, database, said, counts)
        good = asyncio.create_task(fleet.run(seconds), name="good sites")
        await until("both good sites are heard", lambda: fleet.connected == len(GOOD))
        watching = asyncio.create_task(watch.run(), name="watch")
        hostile = [asyncio.create_task(one.run()) for one in boxes]
        hostile += [asyncio.create_task(one.run()) for one in browsers]
        done, _ = await asyncio.wait(
            (good, watching, *hostile), return_when=asyncio.FIRST_COMPLETED
        )
        await _end(good, hostile)
        for task in done:
            task.result()
        if program.process.returncode is None:
            # What still waits when all is calm again was lost, or waits for longer than is right.
            await _drained(said)
            await cancel_and_wait(watching)
            for one in browsers:
                await one.look_around(counts.ends)


async def _end(good: asyncio.Task[None], hostile: Sequence[asyncio.Task[None]]) -> None:
    await cancel_and_wait(*hostile)
    if not good.done():
        await cancel_and_wait(good, retry_s=30.0)


async def _drained(said: _Said) -> None:
    end = time.monotonic() + MAX_WAIT_S + 1.0
    while any(said.waiting.values()) and time.monotonic() < end:
        await asyncio.sleep(LOOK_S)


def _tracebacks(log: str) -> list[str]:
    """The last call and the error of each."""
    found = re.findall(r"^Traceback.*\n(?:[ \n].*\n)*?((?:  .*\n){2,4})(\S.*)$", log, re.MULTILINE)
    return [f"{error}: {' '.join(calls.split())}"[:400] for calls, error in found]


def main() -> None:
    """Exit code 1 where anything of it did not hold."""
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz.province", description=__doc__)
    ask.add_argument("--seconds", type=int, default=240)
    ask.add_argument("--seed", type=int, default=1)
    asked = ask.parse_args()
    logging.disable(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="diemcau-fuzz-") as folder:
        counts = asyncio.run(run(Path(folder), asked.seconds, asked.seed))
    sys.stdout.write(f"{counts}\n")
    sys.exit(0 if counts.right else 1)


if __name__ == "__main__":
    main()
