"""``diemcau province`` as it serves: HTTPS, its own mosquitto, a database; killed and started."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.province.broker.local_broker import LocalBroker
from services.province.ca.authority import private_pem
from services.province.storage.database import Database
from tests.load.console import Console
from tests.process.ports import free_port
from tests.process.waiting import until, until_told

HOST = "127.0.0.1"


class Province:
    """One program on fixed ports, so that it can be started again under the same addresses."""

    def __init__(self, folder: Path, database: str = "") -> None:
        self.data, self.log = folder / "data", folder / "province.log"
        self.data.mkdir(parents=True)
        self.port = free_port()
        self.local_broker = LocalBroker(self.data / "broker", HOST, free_port())
        self.url = f"https://{HOST}:{self.port}"
        self.database_url = database or f"sqlite:///{self.data / 'province.db'}"
        self._process: asyncio.subprocess.Process | None = None
        authority = self.local_broker.authority(time.time())
        key = ec.generate_private_key(ec.SECP256R1())
        made = authority.server(key.public_key(), (HOST,), time.time())
        self._key, self._cert = folder / "key.pem", folder / "cert.pem"
        self._key.write_bytes(private_pem(key))
        self._cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(authority.pem)

    @property
    def program(self) -> psutil.Process:
        """The process of the program."""
        assert self._process is not None, "it was never started"
        return psutil.Process(self._process.pid)

    def broker(self) -> psutil.Process:
        """The process of its mosquitto; raises StopIteration where none runs."""
        return next(one for one in self.program.children() if one.name() == "mosquitto")

    async def start(self) -> None:
        """Until it answers."""
        environment = dict(os.environ, DIEMCAU_PROVINCE_DATABASE=self.database_url)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", "province", "--port", str(self.port),
                "--data", str(self.data), "--cert", str(self._cert), "--key", str(self._key),
                "--broker-port", str(self.local_broker.port),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            )  # fmt: skip
        await until_told(
            "the province answers", self._answers, within=120.0, else_say=self.log.read_text
        )

    async def kill(self) -> None:
        """SIGKILL; its broker ends with it, in order (PR_SET_PDEATHSIG)."""
        broker = self.broker()
        self.program.kill()
        assert self._process is not None
        await self._process.wait()
        await until("the broker is gone", lambda: not broker.is_running(), within=60.0)

    async def kill_broker(self) -> None:
        """SIGKILL; the program starts another."""
        before = self.broker()
        before.kill()
        await until("another broker runs", lambda: _other(self.broker, before), within=60.0)

    async def end(self) -> None:
        """With a word."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(60.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self.log.read_text()
        try:
            async with Console(self.url, self.ca).browser() as http:
                return (await http.get("/login")).is_success
        except httpx.TransportError:
            return False

    async def console(self) -> Console:
        """Logged in as the first administrator."""
        console = Console(self.url, self.ca)
        password = (self.data / "administrator-password").read_text().strip()
        await console.log_in("admin", password)
        return console


@asynccontextmanager
async def serving(province: Province) -> AsyncIterator[Database]:
    """Running until the end of the context; gives its database, to look into."""
    try:
        await province.start()
        database = Database(province.database_url)
        try:
            yield database
        finally:
            database.close()
    finally:
        await province.end()


def _other(look: Callable[[], psutil.Process], before: psutil.Process) -> bool:
    try:
        return look() != before
    except (StopIteration, psutil.NoSuchProcess):
        return False
