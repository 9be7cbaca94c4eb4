"""``diemcau demo`` as people start it, on ports that are free."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.process.ports import free_port
from tests.process.room import Room
from tests.process.waiting import until


@dataclass(frozen=True, slots=True)
class Demo:
    """The addresses of its page and of the province's console, and its room."""

    page: str
    console: str
    room: Room
    folder: Path

    def log(self) -> str:
        """The last words of the demo and of the site."""
        kept = self.folder / "kept"
        logs = (
            self.folder / "demo.log",
            *(kept / f"{name}.log" for name in ("endpoint", "health", "province")),
        )
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in logs if log.exists())


@asynccontextmanager
async def a_demo(folder: Path) -> AsyncIterator[Demo]:
    """The demo from its welcome to Ctrl-C."""
    port, room_port, console_port = free_port(), free_port(), free_port()
    console = f"http://127.0.0.1:{console_port}"
    demo = Demo(f"http://127.0.0.1:{port}/", console, Room(room_port), folder)
    log = folder / "demo.log"
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.command", "demo", "--port", str(port),
            "--room-port", str(room_port), "--console-port", str(console_port),
            "--keep", str(folder / "kept"),
            stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file, env=environment,
        )  # fmt: skip
    try:
        await until("the demo says where it is", lambda: demo.page[:-1] in log.read_text(),
                    else_say=demo.log)  # fmt: skip
        yield demo
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(30):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
