"""Runs the demo's programs as processes, and pulls their plugs."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx

from services.demo import props
from services.demo.virtual import VirtualTv

START_S = 20.0
STOP_S = 8.0
ANSWER_S = 3.0
BEGINS_IN = timedelta(seconds=25)
"""Long enough to see the countdown, short enough to wait for."""


class EveningError(Exception):
    """A program of the demo did not come up; says which and what it last said."""


class Evening:
    """Room and site as processes of their own, with the TV's display and loudspeaker given."""

    def __init__(self, folder: Path, tv: VirtualTv, *, room_port: int, page_url: str) -> None:
        self.folder = folder
        self._tv = tv
        self._room_port = room_port
        self._page_url = page_url
        self._room: asyncio.subprocess.Process | None = None
        self._site: asyncio.subprocess.Process | None = None
        self.room_url = f"http://127.0.0.1:{room_port}/?room=1234"
        self.chair_pin = "2026"
        address = f"janus+ws://127.0.0.1:{room_port}/janus?room=1234"
        self.agenda = props.agenda(address, datetime.now(UTC).replace(microsecond=0) + BEGINS_IN)

    async def __aenter__(self) -> Self:
        site = props.site_file(
            agenda_url=f"{self._page_url}/agenda/ia-kly.ics",
            camera=props.talking_head(),
            microphone=await props.voice(self.folder),
        )
        (self.folder / "site.toml").write_text(site)
        self._room = await self._program(
            "room", "--port", str(self._room_port), "--chair-pin", self.chair_pin, log="room"
        )
        await self._room_answers()
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in (self._site, self._room):
            if process is not None:
                await _end(process)

    @property
    def powered(self) -> bool:
        """Whether the site's box has power."""
        return self._site is not None and self._site.returncode is None

    async def power(self, on: bool) -> None:
        """Plug the box in, or cut its power: nothing in it gets a chance to say goodbye."""
        if on and not self.powered:
            self._site = await self._program(
                "endpoint", "--site", str(self.folder / "site.toml"),
                "--data", str(self.folder / "data"), "--run", str(self.folder / "run"),
                "--bench", str(self._bench), log="endpoint", env=self._tv.environment,
            )  # fmt: skip
        elif not on and self._site is not None and self.powered:
            self._site.kill()
            await self._site.wait()

    async def bench(self, **request: Any) -> dict[str, Any] | None:
        """Ask the simulator's hands for something; None while the box does not answer."""
        with suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_unix_connection(self._bench)
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
    def _bench(self) -> Path:
        return self.folder / "bench"

    async def _program(
        self, *words: str, log: str, env: dict[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        with (self.folder / f"{log}.log").open("ab") as file:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", *words,
                stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file,
                env=env or dict(os.environ), start_new_session=True,
            )  # fmt: skip

    async def _room_answers(self) -> None:
        url = f"http://127.0.0.1:{self._room_port}/health"
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S), httpx.AsyncClient() as http:
                while self._room is not None and self._room.returncode is None:
                    with suppress(httpx.TransportError):
                        if (await http.get(url)).is_success:
                            return
                    await asyncio.sleep(0.1)
        said = (self.folder / "room.log").read_text(errors="replace")[-400:]
        raise EveningError(f"the room does not answer at {url}; it said: {said}")


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
