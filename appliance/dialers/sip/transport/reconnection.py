"""Makes a connection again that was lost in a call: a server may restart, and the call go on."""

import asyncio
from collections.abc import Awaitable, Callable

WAITS_S = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0)
"""Before each try: a proxy restarts in a few seconds; where media stop too, 8 s end the call."""
STEADY_S = 30.0
"""A connection that lasted so long gets all its tries again; a server may close each at once."""


class Reconnection:
    """Tries to connect until it succeeds, a few times.

    ``connect`` raises OSError and TimeoutError; ``made`` is called when it has succeeded, ``lost``
    with a sentence when there is no use in trying on.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[None]],
        made: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        self._connect, self._made, self._lost = connect, made, lost
        self._tries = 0
        self._made_at = float("-inf")
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, why: str) -> None:
        """Start trying, since the connection was lost (``why``)."""
        if asyncio.get_running_loop().time() - self._made_at > STEADY_S:
            self._tries = 0
        self._wanted.clear()
        self._task = asyncio.create_task(self._run(why), name="sip reconnection")

    def hurry(self) -> None:
        """Try at once, since a message waits."""
        self._wanted.set()

    async def stop(self) -> None:
        """Try no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, why: str) -> None:
        for wait_s in WAITS_S[self._tries :]:
            self._tries += 1
            await self._pause(wait_s)
            try:
                await self._connect()
            except (OSError, TimeoutError) as error:
                why = f"{why.partition(';')[0]}; again: {error or 'no answer'}"
                continue
            self._made_at = asyncio.get_running_loop().time()
            self._made()
            return
        self._lost(why)

    async def _pause(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()
