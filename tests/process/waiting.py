"""Waits for what must come true, with a deadline that only a broken program needs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_S = 60.0
"""Two slow cores with other work on them; a good run needs a twentieth."""
LOOK_S = 0.05

Found = TypeVar("Found")
Say = Callable[[], object]


async def until(
    what: str,
    look: Callable[[], Found | None],
    *,
    within: float = PATIENCE_S,
    else_say: Say = lambda: "",
) -> Found:
    """The first answer of `look` that is true; raises AssertionError after `within` seconds."""

    async def asked() -> Found | None:
        return look()

    return await until_told(what, asked, within=within, else_say=else_say)


async def until_told(
    what: str,
    ask: Callable[[], Awaitable[Found | None]],
    *,
    within: float = PATIENCE_S,
    else_say: Say = lambda: "",
) -> Found:
    """As `until`, where the answer takes time."""
    end = time.monotonic() + within
    while not (answer := await ask()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:g} s: {what}; {else_say()}")
        await asyncio.sleep(LOOK_S)
    return answer
