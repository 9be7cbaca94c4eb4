"""Watchers beside a test: codes that pass by, and facts that must hold all the time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from services.demo.virtual import VirtualTv
from tests.code_picture import Code, read
from tests.code_sound import HEARD, share
from tests.process.waiting import LOOK_S, PATIENCE_S, until, until_told

MOVING = 4
"""So many different numbers one after another are a picture that moves."""
WINDOW_S = 0.8
"""Of sound at a time: three beeps."""


async def moving_on_tv(tv: VirtualTv, who: int, *, within: float = PATIENCE_S) -> list[Code]:
    """Different codes of that sender, read from now on in the pixels of the TV."""
    seen: list[Code] = []

    def look() -> bool:
        code = read(tv.grab())
        if code is not None and code.who == who and code not in seen[-1:]:
            seen.append(code)
        return len(seen) >= MOVING

    await until(f"a moving picture of {who} on the TV", look, within=within, else_say=lambda: seen)
    return seen


async def sounding_on_tv(tv: VirtualTv, hertz: float) -> None:
    """Wait for the tone in what the TV's loudspeaker gives."""

    async def look() -> bool:
        return share(await asyncio.to_thread(tv.record, WINDOW_S), hertz) > HEARD

    await until_told(f"{hertz:g} Hz at the TV's loudspeaker", look)


@dataclass
class Seen:
    """Every value that was there, in turn."""

    values: list[object] = field(default_factory=list)


@asynccontextmanager
async def all_the_time(look: Callable[[], object]) -> AsyncIterator[Seen]:
    """Note each other value of `look` until the block ends."""
    seen = Seen()

    async def watch() -> None:
        while True:
            value = look()
            if value is not None and value not in seen.values[-1:]:
                seen.values.append(value)
            await asyncio.sleep(LOOK_S)

    task = asyncio.create_task(watch(), name="watcher")
    try:
        yield seen
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
