"""The embedded room as its own process, and who is in it by its own word."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from tests.process.ports import free_port
from tests.process.waiting import until_told

CHAIR_PIN = "2026"
ROOM = 1234


@dataclass(frozen=True, slots=True)
class Room:
    """`address` for dialers, `page` for browsers."""

    port: int

    @property
    def address(self) -> str:
        return f"janus+ws://127.0.0.1:{self.port}/janus?room={ROOM}"

    def page(self, **settings: str) -> str:
        words = "".join(f"&{key}={value}" for key, value in settings.items())
        return f"http://127.0.0.1:{self.port}/?room={ROOM}{words}"

    async def numbers(self, name: str) -> list[int]:
        """The participants of that name, by the room's own number for each."""
        url = f"ws://127.0.0.1:{self.port}/janus"
        async with asyncio.timeout(60), connect(url, subprotocols=["janus-protocol"]) as socket:  # type: ignore[list-item]

            async def ask(**words: Any) -> dict[str, Any]:
                await socket.send(json.dumps({"transaction": "t", **words}))
                answer: dict[str, Any] = json.loads(await socket.recv())
                return answer

            session = (await ask(janus="create"))["data"]["id"]
            plugin = "janus.plugin.videoroom"
            handle = await ask(janus="attach", session_id=session, plugin=plugin)
            listed = await ask(
                janus="message",
                session_id=session,
                handle_id=handle["data"]["id"],
                body={"request": "listparticipants", "room": ROOM},
            )
            await ask(janus="destroy", session_id=session)
        people = listed["plugindata"]["data"]["participants"]
        return [one["id"] for one in people if name in one["display"]]


@asynccontextmanager
async def a_room(folder: Path) -> AsyncIterator[Room]:
    """A room on a free port, that answers."""
    room = Room(free_port())
    log = folder / "room.log"
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.command", "room",
            "--port", str(room.port), "--chair-pin", CHAIR_PIN,
            stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file, env=dict(os.environ),
        )  # fmt: skip

    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", room.port)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await until_told("the room answers", answers, else_say=log.read_text)
        yield room
    finally:
        process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
