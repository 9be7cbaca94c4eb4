"""``diemcau simulate`` in a process of its own, and its diary while it goes on."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import psutil

from tests.load.console import Console
from tests.load.province import Province


class Crowd:
    """So many sites of a province; `lines` is the diary as read so far."""

    def __init__(self, province: Province, folder: Path, sites: int) -> None:
        self._province, self._sites = province, sites
        self._diary = folder / "diary.jsonl"
        self._archive = folder / "site-files.zip"
        self._log = folder / "crowd.log"
        self._process: asyncio.subprocess.Process | None = None
        self._read_to = 0
        self.lines: list[dict[str, object]] = []

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
        self._diary.touch()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", "simulate",
                "--sites", str(self._sites), "--province", str(self._province.beside.folder),
                "--port", str(self._province.beside.port), "--seconds", "100000",
                "--weather-after", "100000", "--site-files", str(self._archive),
                "--diary", str(self._diary), "--json", *words,
                stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip

    @property
    def process(self) -> psutil.Process:
        """For those who measure it."""
        return psutil.Process(self._running.pid)

    def strike(self) -> None:
        """Let the weather come now."""
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

    def read(self) -> list[dict[str, object]]:
        """All whole lines of the diary up to now."""
        with self._diary.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        self.lines += [json.loads(line) for line in whole.splitlines()]
        return self.lines

    def who(self, what: str, since: float = 0.0) -> set[str]:
        """The sites that did so since then (POSIX s)."""
        return {
            str(line["site"])
            for line in self.read()
            if line["what"] == what and float(str(line["at"])) >= since
        }

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "it was never started"
        return self._process
