"""``diemcau province`` as people start it, in a process of its own on a port that is free."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from tests.process.ports import free_port
from tests.process.waiting import until_told

START_S = 240.0
"""Three seconds of a processor, of which a machine with much else to do gives a fiftieth."""


@dataclass(frozen=True, slots=True)
class Program:
    """One copy of the program: its address and its folder."""

    port: int
    url: str
    data: Path
    log: Path
    process: asyncio.subprocess.Process

    @property
    def host(self) -> str:
        """Where it listens."""
        return "127.0.0.1"

    @property
    def password(self) -> str:
        """Of the account admin, as the first start made it."""
        return (self.data / "administrator-password").read_text().strip()

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()


@asynccontextmanager
async def a_province(
    folder: Path,
    *words: str,
    name: str = "province",
    port: int = 0,
    database: str = "",
    broker_port: int = 0,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Program]:
    """The program from its first answer to its end; `words` are further options.

    A free port may be another's by the time that the program has started: then it is tried again.
    """
    data, log = folder / name, folder / f"{name}.log"
    given = dict(environment or os.environ)
    if database:
        given["DIEMCAU_PROVINCE_DATABASE"] = database
    for last in (False, False, False, True):
        chosen = port or free_port()
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", "province", "--port", str(chosen),
                "--data", str(data), "--broker-port", str(broker_port or free_port()), *words,
                stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file, env=given,
            )  # fmt: skip
        scheme = "https" if "--own-certificate" in words else "http"
        program = Program(chosen, f"{scheme}://127.0.0.1:{chosen}", data, log, process)
        try:
            await until_told(
                "the province answers or has ended", partial(_settled, program), within=START_S,
                else_say=log.read_text,
            )  # fmt: skip
            if process.returncode is None:
                yield program
                return
            taken = "attempting to bind" in log.read_text() or not broker_port
            assert taken and not last, f"the province does not run: {log.read_text()}"
        finally:
            await _end(process)


async def _settled(program: Program) -> bool:
    if program.process.returncode is not None:
        return True
    ca = program.data / "broker/ca.pem"
    verify: ssl.SSLContext | bool = True
    if program.url.startswith("https:"):
        if not ca.exists():
            return False
        verify = ssl.create_default_context(cafile=ca)
        verify.check_hostname = False  # it may be known by another name than this address
    try:
        async with httpx.AsyncClient(trust_env=False, verify=verify, timeout=10.0) as http:
            return (await http.get(f"{program.url}/login")).is_success
    except httpx.TransportError:
        return False


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(30):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
