"""Runs mosquitto as a child process: started, stopped, never left behind."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

log = logging.getLogger("diemcau.province.broker")

SEARCH_PATH = ("/usr/sbin", "/usr/local/sbin")
"""Debian's package puts it where a plain user's PATH does not look."""
END_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM")
"""util-linux: a broker that outlived a killed program would keep its port from the next one."""
START_TIMEOUT_S, STOP_TIMEOUT_S, CONNECT_TIMEOUT_S = 30.0, 10.0, 5.0


class BrokerError(Exception):
    """The broker does not run; holds the last lines of its log."""


class Mosquitto:
    """One running broker."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self) -> None:
        """Ask it to end, if it has not; it saves its sessions and messages first."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    async def ended(self) -> int:
        """Wait until it is gone; its exit code."""
        return await self._process.wait()


@asynccontextmanager
async def mosquitto(configuration: Path, host: str, port: int) -> AsyncIterator[Mosquitto]:
    """A broker that listens, for as long as the context lasts. Raises `BrokerError`."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=":".join(SEARCH_PATH))
    if program is None:
        raise BrokerError("mosquitto is not installed; apt install mosquitto")
    if await _answers(host, port):
        raise BrokerError(f"somebody else listens on {host}:{port}; choose another port")
    log_file = configuration.with_suffix(".log")
    with log_file.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *END_WITH_PARENT, program, "-c", str(configuration),
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        await _listening(process, host, port, log_file)
        yield Mosquitto(process)
    finally:
        await _end(process)


async def _listening(
    process: asyncio.subprocess.Process, host: str, port: int, log_file: Path
) -> None:
    end = asyncio.get_running_loop().time() + START_TIMEOUT_S
    while process.returncode is None and asyncio.get_running_loop().time() < end:
        if await _answers(host, port):
            return
        await asyncio.sleep(0.05)
    last = (await asyncio.to_thread(log_file.read_text, errors="replace"))[-500:]
    raise BrokerError(f"mosquitto does not listen on {host}:{port}: {last}")


async def _answers(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:  # TimeoutError is one
        return False
    writer.close()
    return True


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
