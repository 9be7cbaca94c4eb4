"""A site's reporter on a real broker, for tests of either end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.base.mqtt import BrokerAddress, Connection, Message, Will, connect
from appliance.base.tasks import cancel_and_wait
from appliance.wire.report import Health, Presence
from appliance.wire.report_id import ReportId
from services.health.backlog import Backlog
from services.health.reporter import Reporter
from services.health.sequence import Sequence
from tests.peers.mosquitto import BrokerFixture

SITE = "ia-kly"


@dataclass
class SiteReporter:
    """A reporter, and what it received."""

    reporter: Reporter
    sequence: Sequence
    backlog: Backlog
    received: list[Message]

    def health(self, number: int) -> ReportId:
        report_id = self.sequence.next(time.time())
        self.reporter.send(Health(report_id, (), {"number": float(number)}))
        return report_id


def site_reporter(
    bench: BrokerFixture, folder: Path, *, port: int = 0, boot: str = "boot-1"
) -> SiteReporter:
    tls = bench.identity(SITE)
    broker = BrokerAddress(bench.files.host, port or bench.files.port)
    sequence = Sequence(boot)
    received: list[Message] = []

    def connect_once(will: Will) -> AbstractAsyncContextManager[Connection]:
        return connect(broker, SITE, tls, will, will_delay_s=1)

    def birth() -> Presence:
        report_id = sequence.next(time.time())
        return Presence(report_id, online=True, session=report_id.seq, serial="100")

    backlog = Backlog(folder / "backlog")
    reporter = Reporter(
        SITE,
        connect_once,
        backlog,
        birth=birth,
        next_id=lambda: sequence.next(time.time()),
        on_message=received.append,
    )
    return SiteReporter(reporter, sequence, backlog, received)


@asynccontextmanager
async def reporting(one: SiteReporter) -> AsyncIterator[SiteReporter]:
    task = asyncio.create_task(one.reporter.run(), name="reporter")
    try:
        yield one
    finally:
        await cancel_and_wait(task)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
