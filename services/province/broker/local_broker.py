"""Runs a broker on the province's own machine: authority, enrolment, mosquitto and ingest.

For a province's program::

    async with run_local_broker(LocalBroker(data / "broker"), store) as broker:
        app.routes += enrolment_routes(broker.enrolment, time.time)
        await broker.ingest.notify_agenda("ia-kly")

A larger province runs its broker elsewhere: then `Ingest` alone is what it needs, and the lists
that `BrokerFiles` writes are given to that broker.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.base.mqtt import BrokerAddress
from appliance.base.tasks import cancel_and_wait
from services.province.broker.batch_writer import Store
from services.province.broker.configuration import BrokerFiles
from services.province.broker.ingest import ClientIdentity, Ingest
from services.province.broker.process import BrokerError, mosquitto
from services.province.broker.upkeep import Upkeep
from services.province.ca.authority import Authority
from services.province.ca.authority_files import (
    CERTIFICATE,
    KEY,
    REMEDY,
    AuthorityError,
    open_authority,
)
from services.province.ca.enrolment import Enrolment
from services.province.ca.hour_signer import HourSigner
from services.province.ca.ledger import FolderLedger
from services.province.ca.renewal import listed
from services.province.passed_over import Part, Tell, untold
from services.province.supervision import supervisor

log = logging.getLogger("diemcau.province.local_broker")

RETRY_S = 1.0

Alarm = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class LocalBroker:
    """Its folder and address; `names` are those by which sites connect to it."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8883
    names: tuple[str, ...] = ("localhost",)

    web: str = ""
    """The web server's name where its certificate is to be of the same authority."""

    @property
    def files(self) -> BrokerFiles:
        """The broker's files."""
        return BrokerFiles(self.folder, self.host, self.port)

    @property
    def ledger(self) -> FolderLedger:
        """The requests for certificates, and those that were issued."""
        return FolderLedger(self.folder / "ledger")

    def authority(self, now: float) -> Authority:
        """The province's own, made at the first start.

        Raises `AuthorityError` where a file of it, or the ledger, is missing or broken.
        """
        authority, ledger = self.folder / "authority", self.folder / "ledger"
        issued = self.files.authority.exists()
        if issued and not ledger.is_dir():
            raise AuthorityError(f"{ledger} is missing; {REMEDY}")
        if (issued or next(ledger.glob("*.json"), None)) and not any(
            (authority / name).exists() for name in (CERTIFICATE, KEY)
        ):
            raise AuthorityError(
                f"{authority / CERTIFICATE} is missing, of which sites have certificates; {REMEDY}"
            )
        ledger.mkdir(parents=True, exist_ok=True)
        return open_authority(authority, now)


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """What the province's program uses of it."""

    authority: Authority
    enrolment: Enrolment
    ingest: Ingest
    hours: HourSigner
    tasks: frozenset[asyncio.Task[None]]

    async def watch(self) -> None:
        """Raise what a part dies of, which otherwise nobody would hear of."""
        done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


@asynccontextmanager
async def run_local_broker(
    settings: LocalBroker,
    store: Store,
    *,
    alarm: Alarm = lambda _site, _reason: None,
    tell: Tell = untold,
) -> AsyncIterator[RunningBroker]:
    """All parts, running for as long as the context lasts. A broker that ends is started again, and
    so is the ingest; both are told, and so is what the ingest passes over.

    Raises `BrokerError` where mosquitto does not start, `AuthorityError` and `LedgerError` where a
    file is missing or broken, `OSError` where the folder cannot be used.
    """
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, files, ledger = settings.authority(time.time()), settings.files, settings.ledger
    ledger.check()
    on_list = partial(listed, files.revoked, authority)
    enrolment = Enrolment(authority, ledger, alarm=alarm, listed=on_list, tell=tell)
    upkeep = Upkeep(files, settings.names, authority, enrolment, ledger, web=settings.web)
    upkeep.write()
    identity = ClientIdentity(
        BrokerAddress(settings.host, settings.port), partial(client_context, files)
    )
    ingest = Ingest(identity, store, alarm=alarm, tell=tell)
    started = asyncio.Event()

    async def run_broker() -> None:
        await _keep_running(settings, upkeep, started, tell)

    parts = supervisor(tell)
    first = parts.keep("broker", run_broker, fatal=lambda: not started.is_set())
    broker = asyncio.create_task(first, name="broker")
    ingesting = asyncio.create_task(parts.keep("ingest", ingest.run), name="ingest")
    try:
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({waiting, broker}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if broker.done():
            broker.result()
        hours = HourSigner(files.hour)
        yield RunningBroker(authority, enrolment, ingest, hours, frozenset({broker, ingesting}))
    finally:
        await cancel_and_wait(ingesting)
        await cancel_and_wait(broker, retry_s=20.0)


def client_context(files: BrokerFiles) -> ssl.SSLContext:
    """TLS with the province's own certificate."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(files.authority))
    context.load_cert_chain(files.identity)
    return context


async def _keep_running(
    settings: LocalBroker, upkeep: Upkeep, started: asyncio.Event, tell: Tell
) -> None:
    """Keep one mosquitto running, and restart it when its files were made anew: then it reads them,
    and whoever was revoked has lost its connection, too."""
    files = settings.files
    while True:
        try:
            await asyncio.to_thread(files.forget_pauses)
            async with mosquitto(files.configuration, settings.host, settings.port) as process:
                started.set()
                ending = asyncio.create_task(process.ended(), name="mosquitto's end")
                change = asyncio.create_task(upkeep.changed(), name="upkeep")
                try:
                    await asyncio.wait({ending, change}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    change.cancel()
                if not ending.done():
                    change.result()
                    log.info("certificates were revoked or renewed: mosquitto restarts")
                    process.stop()
                    await ending
                    continue
                log.error("mosquitto ended with %d; it is started again", ending.result())
                tell(Part.FAILED, "mosquitto", f"it ended with {ending.result()}")
        except (BrokerError, OSError) as error:  # OSError: no memory or handle for a process
            if not started.is_set():
                raise
            log.warning("%s", error)
        await asyncio.sleep(RETRY_S)
        try:  # a file of it may be what it fell over
            await asyncio.to_thread(upkeep.write)
        except OSError as error:
            log.error("certificates and revocations are not written: %s", error)  # noqa: TRY400
