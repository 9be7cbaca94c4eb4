"""The province's end for tests: an ingest with a store that can fail."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from appliance.base.tasks import cancel_and_wait
from appliance.base.tls.province import client_tls
from appliance.wire.report import Report
from services.province.broker.batch_writer import Incoming
from services.province.broker.configuration import PROVINCE
from services.province.broker.ingest import ClientIdentity, Ingest
from services.province.broker.pauses import PAUSE_S
from services.province.passed_over import Tell, untold
from tests.peers.mosquitto import BrokerFixture
from tests.process.waiting import until

Name = tuple[str, str, int]


@dataclass
class MemoryStore:
    """Stores in memory under each report's name; `fails` says which batches it cannot take.

    The ingest stores in a thread: who reads sees a copy that nobody changes.
    """

    _kept: dict[Name, Report] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    fails: Callable[[Sequence[Incoming]], bool] = lambda _: False
    batches: int = 0

    def store(self, batch: Sequence[Incoming]) -> None:
        self.batches += 1
        if self.fails(batch):
            raise RuntimeError("the database is away")
        with self._lock:
            for one in batch:
                report_id = one.report.id
                self._kept[one.site, report_id.boot_id, report_id.seq] = one.report

    @property
    def kept(self) -> dict[Name, Report]:
        """What is stored now."""
        with self._lock:
            return dict(self._kept)


def ingest(
    bench: BrokerFixture, store: MemoryStore, *, name: str = PROVINCE, shared: bool = False,
    alarms: list[str] | None = None, tell: Tell = untold, pause_s: float = PAUSE_S,
) -> Ingest:  # fmt: skip
    """Not yet running."""
    tls = client_tls(bench.files.authority, bench.files.identity_of(name))
    own = ClientIdentity(bench.broker, lambda: tls, name, shared)

    def alarm(site: str, reason: str) -> None:
        if alarms is not None:
            alarms.append(f"{site}: {reason}")

    return Ingest(own, store.store, alarm=alarm, tell=tell, pause_s=pause_s)


@asynccontextmanager
async def running_ingest(one: Ingest) -> AsyncIterator[Ingest]:
    """Running and connected."""
    task = asyncio.create_task(one.run(), name="ingest")
    try:
        await until("the ingest is connected", lambda: one.counts.connected)
        yield one
    finally:
        await cancel_and_wait(task)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
