"""The place where they meet: a real Janus, a relay that sees who dials when, and the far end."""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from tests.benchmark.content import Clip
from tests.peers.janus import ROOM, janus
from tests.peers.relay import Relay
from tests.process.ports import free_port

ANSWER_TIMEOUT_S = 15.0


class DialRelay(Relay):
    """A relay before the server; `dialled_at` is the time of the first connection."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.dialled_at = asyncio.get_running_loop().create_future()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.dialled_at.done():
            self.dialled_at.set_result(time.monotonic())
        await super().take(reader, writer)


class Far:
    """The far end's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, address: str, clip: Clip, log: Path) -> Self:
        """Returns when it is in the room."""
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.benchmark.far", address, str(clip.raw),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=file,
                limit=1 << 20,
            )  # fmt: skip
        far = cls(process)
        await far._answer()
        return far

    async def request(self, words: str) -> dict[str, Any]:
        """One request and its answer."""
        if self._process.stdin is None:
            raise RuntimeError("the far end was started without an ear")
        self._process.stdin.write(words.encode() + b"\n")
        return await self._answer()

    async def end(self) -> None:
        """Leave the room."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _answer(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise RuntimeError("the far end was started without a voice")
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the far end fell; its last words are in far.log")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.asynccontextmanager
async def meeting(clip: Clip, log: Path) -> AsyncIterator[tuple[DialRelay, Far]]:
    """A fresh room with the far end in it, and the relay that the other one will come through."""
    with tempfile.TemporaryDirectory(prefix="bench-janus-") as folder:
        port = free_port()
        with janus(Path(folder), port):
            far = await Far.start(address_at(port), clip, log)
            relay = DialRelay(port)
            listening = await asyncio.start_server(relay.take, "127.0.0.1", 0)
            relay.port = listening.sockets[0].getsockname()[1]
            try:
                yield relay, far
            finally:
                listening.close()
                relay.cut()
                await far.end()


def address_at(port: int) -> str:
    """What is dialled."""
    return f"janus+ws://127.0.0.1:{port}/?room={ROOM}"
