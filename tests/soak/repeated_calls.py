"""Calls one after another in one process: dial, see a picture, hang up, and count what is left."""

import asyncio
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.dialers.sip.dialer import SipDialer
from tests.dialers.sip.far_end import far_end
from tests.dialers.sites import site, until

SETTLE_S = 30.0


@dataclass(frozen=True, slots=True)
class Left:
    """What a process holds: tasks of its loop, open files and sockets, threads."""

    tasks: int
    files: int
    threads: int

    def within(self, other: "Left") -> bool:
        """Whether nothing is more than there; of tasks, whether only the asker's is left."""
        return self.tasks == 1 and self.files <= other.files and self.threads <= other.threads

    @classmethod
    def now(cls) -> "Left":
        """Counted as it is."""
        return cls(
            len(asyncio.all_tasks()),
            sum(1 for _ in Path("/proc/self/fd").iterdir()),
            # The loop's own pool for names and files grows to its size and stays.
            sum(not one.name.startswith("asyncio_") for one in threading.enumerate()),
        )


async def repeated_calls(count: int) -> tuple[Left, Left]:
    """So many calls by TCP to a far end in the same loop: what there was after the first two, and
    after all.

    The first calls open what stays open: the selector, the codecs' own files.
    Waits up to 30 s for what closes in its own time.
    """
    for _ in range(2):
        await _round()
    await asyncio.sleep(1.0)
    before = Left.now()
    for _ in range(count - 2):
        await _round()
    until_s = time.monotonic() + SETTLE_S
    while not (after := Left.now()).within(before) and time.monotonic() < until_s:
        await asyncio.sleep(0.05)
    return before, after


async def _round() -> None:
    async with far_end() as far:
        one = await site(SipDialer(), f"sip:1000@127.0.0.1:{far.port};transport=tcp", 1)
        await until(lambda: one.sees == 2, "the far picture")
        await one.leave()
        await until(lambda: far.agents[0].ended is not None, "the BYE")
