"""An event loop in which waiting costs no time: idle, it jumps to the next timer."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")

LEAST_JUMP_S = 0.001


class _Jumping(selectors.DefaultSelector):
    """Never waits for a timer; tells the loop how far to jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            # A jump below a float's resolution would be none, and the same timer wait for ever.
            self.jumped += max(timeout, LEAST_JUMP_S)
        return ready


class FastLoop(asyncio.SelectorEventLoop):
    """A day takes as long as what happens in it. Threads' work is done in place, in order."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds that were waited for, and none other: work takes no time in a story."""
        return self._jumping.jumped

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """A thread would need real time, in which the story would run on without it."""
        done: Future[Any] = Future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # handed on to whoever awaits it, as an executor does
            done.set_exception(error)
        return asyncio.wrap_future(done, loop=self)


def play(story: Coroutine[Any, Any, Result]) -> Result:
    """Run the story to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(story)
