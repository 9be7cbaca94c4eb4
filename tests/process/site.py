"""One site as its own process under a supervisor that does what systemd's Restart=always does."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from services.demo.virtual import VirtualTv
from tests.code_picture import SITE, write_recording
from tests.code_sound import SITE_HERTZ, write_beeps
from tests.one_meeting import agenda
from tests.peers.calendar_server import calendar_server
from tests.process.notify import NotifySocket
from tests.process.waiting import until

NAME = "Xã Ia Kly"
RESTART_S = 0.1
"""systemd's own RestartSec."""
SITE_FILE = """\
[site]
id = "ia-kly"
name = "{name}"

[agenda]
url = "{agenda}"

[camera]
source = "file:{camera}"
width = 640
height = 360
fps = 15

[microphone]
source = "file:{microphone}"

[clock]
trust = "always"
"""


class SiteProcess:
    """The endpoint program. `starts` holds the monotonic second of each start, `codes` each exit
    code. What the test lays under ``board`` in the folder is its procfs."""

    def __init__(self, folder: Path, tv: VirtualTv, agenda_url: str) -> None:
        self.folder = folder
        self.starts: list[float] = []
        self.codes: list[int] = []
        self.notify = NotifySocket(folder / "notify")
        self._environment = tv.environment | {"NOTIFY_SOCKET": str(self.notify.path)}
        self._process: asyncio.subprocess.Process | None = None
        camera = write_recording(folder / "site.mp4", SITE)
        microphone = write_beeps(folder / "site.wav", SITE_HERTZ)
        file = SITE_FILE.format(name=NAME, agenda=agenda_url, camera=camera, microphone=microphone)
        (folder / "site.toml").write_text(file)

    async def supervise(self) -> None:
        """Start the program, and again whenever it falls; a wanted end ends this too."""
        while True:
            with (self.folder / "endpoint.log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "services.command", "endpoint",
                    "--site", str(self.folder / "site.toml"), "--data", str(self.folder / "data"),
                    "--run", str(self.folder / "run"), "--root", str(self.folder / "board"),
                    "--simulator", str(self.folder / "simulator"),
                    stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                    env=self._environment,
                )  # fmt: skip
            self.starts.append(time.monotonic())
            self.codes.append(await self._process.wait())
            if self.codes[-1] == 0:
                return
            await asyncio.sleep(RESTART_S)

    @property
    def process(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise AssertionError("the site was not started")
        return self._process

    def player(self) -> int | None:
        """The process id of the child that owns VLC."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                if any("tv.child" in word for word in child.cmdline()):
                    return int(child.pid)
        return None

    def facts(self) -> dict[str, Any]:
        """What the endpoint left in its fact file."""
        with suppress(OSError, ValueError):
            told: dict[str, Any] = json.loads((self.folder / "run/endpoint.json").read_bytes())
            return told
        return {}

    def log(self) -> str:
        """The last of its journal."""
        return (self.folder / "endpoint.log").read_text(errors="replace")[-3000:]

    async def simulator(self, **request: Any) -> dict[str, Any] | None:
        """Ask the simulator of button, plugs and cable; None while nobody answers."""
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_unix_connection(self.folder / "simulator")
                writer.write(json.dumps(request).encode() + b"\n")
                answer: dict[str, Any] = json.loads(await reader.readline())
                writer.close()
                assert "error" not in answer, answer
                return answer
        return None

    async def press(self, seconds: float = 0.2) -> None:
        """A finger on the button."""
        assert await self.simulator(do="press", button="hand", seconds=seconds) is not None

    async def fact(self, key: str, *wanted: str) -> dict[str, Any]:
        """Wait until the fact is one of these."""

        def look() -> dict[str, Any] | None:
            facts = self.facts()
            return facts if facts.get(key) in wanted else None

        return await until(f"{key} is {wanted}", look, else_say=self._state)

    def _state(self) -> str:
        return f"it is {self.facts()}\n{self.log()}"


@asynccontextmanager
async def a_site(folder: Path, tv: VirtualTv, address: str) -> AsyncIterator[SiteProcess]:
    """A site whose meeting at `address` began a minute ago; started, and ended at the end."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    async with calendar_server() as calendar:
        calendar.gives(agenda(address, begin))
        async with a_site_of(folder, tv, calendar.url()) as site:
            yield site


@asynccontextmanager
async def a_site_of(folder: Path, tv: VirtualTv, agenda_url: str) -> AsyncIterator[SiteProcess]:
    """A site with its agenda from there; started, and ended at the end."""
    site = SiteProcess(folder, tv, agenda_url)
    site.notify.open()
    supervisor = asyncio.create_task(site.supervise(), name="supervisor")
    try:
        yield site
    finally:
        await _end(site, supervisor)
        site.notify.close()


async def _end(site: SiteProcess, supervisor: "asyncio.Task[None]") -> None:
    if not supervisor.done():
        supervisor.cancel()
        with suppress(asyncio.CancelledError):
            await supervisor
    process = site.process
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(15):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def alive(pid: int) -> bool:
    """Whether a process is there and not merely unburied."""
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    """As the kernel does to whoever took too much: no goodbye."""
    os.kill(pid, how)
