"""``diemcau simulate`` in a process of its own, and its events while it runs."""

import asyncio
import json
import signal
import sys
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path
from typing import Any

import psutil

from tests.load.console import Console
from tests.load.province import Province

Line = dict[str, Any]
"""``at``, ``site``, ``what``, and what belongs to it."""


class Simulator:
    """So many sites of a province."""

    def __init__(self, province: Province, folder: Path, sites: int) -> None:
        self._province, self._sites = province, sites
        self._events = folder / "events.jsonl"
        self._archive = folder / "site-files.zip"
        self._log = folder / "simulator.log"
        self._process: asyncio.subprocess.Process | None = None
        self._read_to = 0
        self._lines: defaultdict[str, list[Line]] = defaultdict(list)

    async def sheet(self) -> bytes:
        """All of them as the console imports them."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.command", "simulate",
            "--sites", str(self._sites), "--list", stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(60.0):
            output, _ = await process.communicate()
        return output

    async def start(self, console: Console, *words: str) -> None:
        """With the site files as the console gives them."""
        self._archive.write_bytes(await console.site_files())
        self._events.touch()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", "simulate",
                "--sites", str(self._sites), "--province", str(self._province.local_broker.folder),
                "--port", str(self._province.local_broker.port), "--seconds", "100000",
                "--lose-after", "100000", "--site-files", str(self._archive),
                "--events", str(self._events), "--json", *words,
                stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip

    @property
    def process(self) -> psutil.Process:
        """For those who measure it."""
        return psutil.Process(self._running.pid)

    def cut_off(self) -> None:
        """Let the outage begin now."""
        self._running.send_signal(signal.SIGUSR1)

    async def leave(self) -> dict[str, object]:
        """Everybody says what is to be said and goes; the account of the run."""
        self._running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(300.0):
            output, _ = await self._running.communicate()
        account: dict[str, object] = json.loads(output)
        return account

    async def end(self) -> None:
        """Whatever happened: no process is left."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def events(self, what: str, since: float = 0.0) -> list[Line]:
        """The lines of that kind up to now, of those from `since` on (POSIX s)."""
        self._read()
        lines = self._lines[what]
        return lines[bisect_left(lines, since, key=lambda line: line["at"]) :]

    def who(self, what: str, since: float = 0.0) -> set[str]:
        """The sites that did so since then."""
        return {line["site"] for line in self.events(what, since)}

    def _read(self) -> None:
        """What has been written whole since the last look: looked for twenty times a second."""
        with self._events.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for text in whole.splitlines():
            line = json.loads(text)
            self._lines[line["what"]].append(line)

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "it was never started"
        return self._process
