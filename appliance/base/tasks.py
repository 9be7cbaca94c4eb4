"""Ends tasks for certain: a cancellation can be swallowed on its way, and the task would go on.

`asyncio.wait_for` of Python 3.11 returns its result, and drops a cancellation that comes in the
same turn of the loop (bpo-42130). Who waits under it inside a library asks afterwards whether it
should have been cancelled (`raise_if_cancelled`), and who ends a task cancels it again if need be
(`cancel_and_wait`).
"""

import asyncio
from typing import Any

RETRY_S = 5.0
"""Longer than any task's last words, which another cancellation would cut short."""


async def cancel_and_wait(*tasks: "asyncio.Task[Any]", retry_s: float = RETRY_S) -> None:
    """Cancel `tasks` and wait until each has ended; cancel again what has not after `retry_s`."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=retry_s)


def raise_if_cancelled() -> None:
    """Raise `asyncio.CancelledError` where this task was cancelled and nothing raised it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
