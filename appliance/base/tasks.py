"""Ends tasks for certain. A cancellation can be swallowed on its way, and then nobody would end.

`asyncio.wait_for` of Python 3.11 returns its result, and drops a cancellation that comes in the
same turn of the loop (bpo-42130). Whoever waits under it inside a library has to ask afterwards
whether it should have been cancelled (`heed_cancellation`), and whoever ends a task has to be ready
to say it again (`end`).
"""

import asyncio
from typing import Any

AGAIN_S = 5.0
"""Longer than any task's last words, which another cancellation would cut short."""


async def end(*tasks: "asyncio.Task[Any]", again_s: float = AGAIN_S) -> None:
    """Cancel these and wait until each has ended, however it does; cancels again where it must."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_s)


def heed_cancellation() -> None:
    """Raise the `asyncio.CancelledError` that was asked for and did not come."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
