"""The processes of the sites, as who measures sees them: started, read line by line, ended."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tests.load.dialers.sites import Spec

READY_S = 240.0
"""For a process to have loaded all, on a machine on which others load as well."""
GOODBYE_S = 30.0
Line = dict[str, Any]


class Sites:
    """One process of sites; `lines` are what it has said."""

    def __init__(self, process: asyncio.subprocess.Process, spec: Spec, log: Path) -> None:
        self._process = process
        self._log = log
        self.spec = spec
        self.lines: list[Line] = []
        self._reading = asyncio.create_task(self._read(), name="sites")
        self.account = psutil.Process(process.pid)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(json.loads(line))

    async def ready(self) -> None:
        """Wait until it could dial; raises AssertionError where it ended."""
        async with asyncio.timeout(READY_S):
            while not any("ready" in line for line in self.lines):
                assert self._process.returncode is None, self._log.read_text()[-2000:]
                await asyncio.sleep(0.05)

    async def go(self, begin: float) -> None:
        """Let them live towards this begin (POSIX s)."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{begin}\n".encode())
        await self._process.stdin.drain()

    @property
    def entered(self) -> list[Line]:
        """Each site that is in: see `tests.load.dialers.sites.In`."""
        return [line for line in self.lines if "in_at" in line]

    @property
    def counts(self) -> Line:
        """The newest of all its calls."""
        return next((line for line in reversed(self.lines) if "calls" in line), {})

    def speak(self) -> None:
        """One of its sites opens its microphone."""
        self._process.send_signal(signal.SIGUSR1)

    async def cut(self) -> None:
        """The power is gone."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def leave(self) -> None:
        """The sites hang up; whatever happens no process is left."""
        if self._process.returncode is None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                async with asyncio.timeout(GOODBYE_S):
                    await self._process.wait()
            except TimeoutError:
                pass
        await self.cut()


class Crowd:
    """All processes, by the name of their file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.all: dict[str, Sites] = {}

    async def start(self, name: str, spec: Spec) -> Sites:
        """A process of these sites, in the place of the one of that name."""
        path = self._folder / f"{name}.json"
        path.write_bytes(msgspec.json.encode(spec))
        written = self._folder / f"{name}.log"
        with written.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.load.dialers.sites", str(path),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self.all[name] = Sites(process, spec, written)
        return self.all[name]

    def count(self, name: str) -> float:
        """The sum over all processes of one figure of their newest line."""
        return float(sum(one.counts.get(name, 0) for one in self.all.values()))

    async def leave(self) -> None:
        """All of them at once."""
        await asyncio.gather(*(one.leave() for one in self.all.values()))


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[Crowd]:
    """None of its processes outlives the context."""
    found = Crowd(folder)
    try:
        yield found
    finally:
        await asyncio.gather(*(one.cut() for one in found.all.values()), return_exceptions=True)
