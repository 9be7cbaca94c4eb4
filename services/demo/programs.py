"""Runs the demo's programs as processes (province, room, one site) and pulls the site's plugs."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from services.demo import sources
from services.demo.province import DemoProvince
from services.demo.relay import Relay
from services.demo.virtual import VirtualTv

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 8.0
ANSWER_TIMEOUT_S = 3.0


class DemoError(Exception):
    """A program of the demo did not start; has its name and the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demo's programs listen."""

    room: int
    console: int
    broker: int


class DemoPrograms:
    """The processes; the site's TV has the display and loudspeaker of `tv`."""

    def __init__(self, folder: Path, tv: VirtualTv, ports: Ports) -> None:
        self.folder = folder
        self._tv = tv
        self._ports = ports
        self._running: list[asyncio.subprocess.Process] = []
        self._box: list[asyncio.subprocess.Process] = []
        self.room_url = f"http://127.0.0.1:{ports.room}/?room=1234"
        self.chair_pin = "2026"
        self.province = DemoProvince(folder / "province", ports.console, ports.broker)
        self.cable = Relay("127.0.0.1", ports.broker)

    async def __aenter__(self) -> Self:
        try:
            await self._begin()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in (*self._box, *self._running):
            await _end(process)
        await self.cable.close()

    async def _begin(self) -> None:
        address = f"janus+ws://127.0.0.1:{self._ports.room}/janus?room=1234"
        feed = await asyncio.to_thread(self.province.prepare)
        (self.folder / "health").mkdir(exist_ok=True)
        await asyncio.to_thread(self.province.issue_certificate, self.folder / "health")
        site = sources.site_file(
            agenda_url=feed,
            camera=sources.talking_head(),
            microphone=await sources.voice(self.folder),
            broker=f"mqtts://127.0.0.1:{await self.cable.open()}",
            authority=self.province.authority,
        )
        (self.folder / "site.toml").write_text(site)
        room = await self._program(
            "room", "--port", str(self._ports.room), "--chair-pin", self.chair_pin, log="room"
        )
        province = await self._program(*self.province.arguments, log="province")
        self._running += [room, province]
        await self._answers(room, f"http://127.0.0.1:{self._ports.room}/health", "room")
        await self._answers(province, f"{self.province.url}/login", "province")
        await asyncio.to_thread(self.province.invite, address, self.chair_pin)

    @property
    def powered(self) -> bool:
        """Whether the site's box has power."""
        return any(process.returncode is None for process in self._box)

    async def power(self, on: bool) -> None:
        """Plug the box in, or cut its power: no program in it can end in order."""
        if on and not self.powered:
            site = ("--site", str(self.folder / "site.toml"), "--run", str(self.folder / "run"))
            endpoint = await self._program(
                "endpoint", *site, "--data", str(self.folder / "data"),
                "--simulator", str(self._socket), log="endpoint", env=self._tv.environment,
            )  # fmt: skip
            health = await self._program(
                "health", *site, "--data", str(self.folder / "health"), log="health"
            )
            self._box = [endpoint, health]
        elif not on:
            for process in self._box:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def plug(self, what: str, plugged: bool) -> None:
        """Pull a plug of the box, or put it in."""
        if what == "cable":
            self.cable.plug(plugged)
        await self.simulator(do="plug", what=what, **{"in": plugged})

    async def simulator(self, **request: Any) -> dict[str, Any] | None:
        """Ask the simulator for something; None while the box does not answer."""
        with suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                reader, writer = await asyncio.open_unix_connection(self._socket)
                writer.write(json.dumps(request).encode() + b"\n")
                answer: dict[str, Any] = json.loads(await reader.readline())
                writer.close()
                return answer
        return None

    def facts(self) -> dict[str, Any]:
        """What the endpoint left in its fact file."""
        with suppress(OSError, ValueError):
            facts: dict[str, Any] = json.loads((self.folder / "run" / "endpoint.json").read_bytes())
            return facts
        return {}

    @property
    def _socket(self) -> Path:
        return self.folder / "simulator"

    async def _program(
        self, *words: str, log: str, env: dict[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        with (self.folder / f"{log}.log").open("ab") as file:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", *words,
                stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file,
                env=env or dict(os.environ), start_new_session=True,
            )  # fmt: skip

    async def _answers(self, process: asyncio.subprocess.Process, url: str, name: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient(trust_env=False) as http:
                while process.returncode is None:
                    with suppress(httpx.TransportError):
                        if (await http.get(url)).is_success:
                            return
                    await asyncio.sleep(0.1)
        log = (self.folder / f"{name}.log").read_text(errors="replace")[-400:]
        raise DemoError(f"the {name} does not answer at {url}; its log ends: {log}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
