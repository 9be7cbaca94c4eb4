"""The machine is lost: the back-up on an empty one, and the sites come back by themselves.

The program and its broker are real, killed and started as people do it; the sites are real
reporters with real certificates.
"""

import asyncio
import contextlib
import itertools
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.base.mqtt import BrokerAddress, Connection, Will, connect
from appliance.base.tasks import cancel_and_wait
from appliance.base.tls.province import client_tls
from appliance.wire.report import Health, Presence
from appliance.wire.report_id import ReportId
from services.health.backlog import Backlog
from services.health.province_messages import ProvinceMessages
from services.health.reporter import RESEND_WINDOW_S, Reporter
from services.province.backup.whole import Place, back_up, restore
from services.province.broker.local_broker import LocalBroker
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from services.province.storage.history_tables import Minute
from services.simulate.fleet import SimulatedFleet, issue_certificates
from services.simulate.site import BrokerAccess
from tests.process.ports import free_port
from tests.process.waiting import until
from tests.province.program import a_province

SITES = ["ia-kly", "ia-phi"]
SIMULATED = [f"sim-{number:04d}" for number in range(1, 6)]


class Site:
    """Reports that are made a minute after one another, as the database keeps them."""

    def __init__(self, name: str, folder: Path, ca: Path, port: int, begin: int) -> None:
        self._name, self._begin = name, begin
        self._seqs, self._minutes = itertools.count(1), itertools.count()
        self.later_s = 0.0

        def connected(will: Will) -> AbstractAsyncContextManager[Connection]:
            tls = client_tls(ca, folder / f"{name}.pem")
            return connect(BrokerAddress("localhost", port), name, tls, will)

        messages = ProvinceMessages(time.time, lambda: None, self._resend)
        self.reporter = Reporter(
            name,
            connected,
            Backlog(folder / f"backlog-{name}"),
            birth=lambda: Presence(self._id(), online=True, session=1),
            next_id=self._id,
            on_message=messages.receive,
            resend_pause_s=0.05,
            monotonic=lambda: time.monotonic() + self.later_s,
        )

    def _resend(self, since: float) -> None:
        self.reporter.resend(since)

    def _id(self, at: float = 0.0) -> ReportId:
        return ReportId(at or time.time(), f"boot-{self._name}", next(self._seqs))

    def report(self, count: int) -> None:
        for minute in itertools.islice(self._minutes, count):
            self.reporter.send(Health(self._id(self._begin + 60 * minute), (), {"soc_c": 50.0}))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reporter.run(), name=self._name)
        try:
            yield
        finally:
            await cancel_and_wait(task)


def stored(database: Database) -> dict[str, int]:
    """How many minutes of each site are kept."""
    with database.reading() as session:
        names = list(session.scalars(select(Minute.site_id)))
    return {site: names.count(site) for site in SITES}


def has_reports(database: Database, site: str) -> bool:
    """Whether the program stores what this site reports."""
    with database.reading() as session:
        return session.scalar(select(Minute.site_id).where(Minute.site_id == site)) is not None


@pytest.mark.case("K13")
@pytest.mark.timeout(400)
async def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    port, broker_port = free_port(), free_port()
    ca, kept = tmp_path / "ca.pem", tmp_path / "sites"
    begin = int(time.time()) // 60 * 60 - 3600
    started = partial(
        a_province, tmp_path, "--broker-name", "localhost", port=port, broker_port=broker_port
    )
    async with contextlib.AsyncExitStack() as stack:
        async with started(name="old") as program:
            old = Database(f"sqlite:///{program.data}/province.db")
            with old.writing() as session:
                for name in (*SITES, *SIMULATED):
                    add_site(session, name, name, place_at(session, ["Gia Lai", name]), time.time())
            broker = LocalBroker(program.data / "broker")
            issue_certificates(broker, [*SITES, *SIMULATED], kept, time.time())
            shutil.copy(broker.files.authority, ca)
            sites = [Site(name, kept, ca, broker_port, begin) for name in SITES]
            for site in sites:
                await stack.enter_async_context(site.running())
            access = BrokerAccess(BrokerAddress("localhost", broker_port), ca)
            fleet = SimulatedFleet(access, SIMULATED, kept, interval_s=1.0)
            simulation = asyncio.create_task(fleet.run(600.0))
            stack.push_async_callback(cancel_and_wait, simulation)
            # A broker that is new keeps nothing for a program that it has not heard of yet.
            await until("reports are taken", lambda: has_reports(old, SIMULATED[0]))
            for site in sites:
                site.report(5)
            await until("they are stored", lambda: set(stored(old).values()) == {5})
            await until("all are in", lambda: fleet.connected == len(SIMULATED))

            await asyncio.to_thread(back_up, Place(program.data, old), tmp_path / "backup.zip")
            for site in sites:
                site.report(5)  # acknowledged, and on this machine alone
            await until("they are stored", lambda: set(stored(old).values()) == {10})
            old.close()
            program.kill()
            await program.process.wait()
        shutil.rmtree(tmp_path / "old")
        for site in sites:
            site.later_s = RESEND_WINDOW_S + 60  # longer ago than what is repeated in any case
            site.report(5)  # while there is no province
        new = Database(f"sqlite:///{tmp_path}/new/province.db")
        (tmp_path / "new").mkdir()
        await asyncio.to_thread(restore, Place(tmp_path / "new", new), tmp_path / "backup.zip")
        assert set(stored(new).values()) == {5}
        async with started(name="new") as program:
            await until(
                "all of it is there", lambda: set(stored(new).values()) == {15}, within=120,
                else_say=lambda: (stored(new), program.log.read_text()[-3000:]),
            )  # fmt: skip
            await until("all are in again", lambda: fleet.connected == len(SIMULATED), within=120)
            assert all(site.reporter.connected for site in sites)
            # The clean end, while there is a broker.
            await cancel_and_wait(simulation, retry_s=20.0)
            await stack.aclose()
        new.close()
