"""Runs the parts of a program so that one which raises costs itself and is started again.

Without an owner for its failure each part would end the program, and with it a meeting that has
nothing to do with it: one picture that nobody could decode once ended the endpoint six times in a
minute. Here the owner says what a failure costs: this one thing (`contain`), or a new start of the
part (`keep`). A part whose state nobody could know after some failures is `vital`: it ends the
program, which begins anew with what stands on the disk.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.base.errors import PartError

log = logging.getLogger("diemcau.supervisor")

RESTART_S, MAX_RESTART_S = 1.0, 60.0
"""The first pause before a part is started again, and the longest; each is twice the one before."""
MAX_FAILURES, WITHIN_S = 5, 600.0
"""A vital part that failed so often within this time ends the program."""
TOLD_S = 600.0
"""How long a failure is a problem of the site: long enough to be read, and reported."""
LOG_INTERVAL_S = 60.0
"""The same error of one part has its traceback in the journal so often: a picture's part would fill
it with thirty a second."""
MAX_ERROR_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """The newest failure of one part."""

    part: str
    error: str
    """Type and message, one bounded line."""
    at: float
    """Seconds of the supervisor's clock, which never jumps."""
    count: int
    """How often this part has failed since the program began."""


class Supervisor:
    """Owns what the failures of a program's parts cost, and remembers the newest of each.

    `changed` is called when a part's failure is news: its first, or its first after `TOLD_S`;
    `tell` at each, with the part and the error. An error of the kinds `unknowable` is handed on,
    for the program's end: after it nothing is known of any part.
    Cancellation is no failure, but a part that ends by a cancellation which nobody asked for
    (a library's) has failed like any other: a `TaskGroup` would take it for a wanted end.
    """

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] | None = None,
        *,
        tell: Callable[[str, str], None] = lambda part, error: None,
        unknowable: tuple[type[Exception], ...] = (),
        max_failures: int = MAX_FAILURES,
        within_s: float = WITHIN_S,
    ) -> None:
        """`monotonic` is the running loop's time where it is not given."""
        self._changed = changed
        self._monotonic = monotonic or (lambda: asyncio.get_running_loop().time())
        self._tell = tell
        self._unknowable = unknowable
        self._max_failures = max_failures
        self._within_s = within_s
        self._newest: dict[str, Failure] = {}
        self._logged: dict[str, tuple[str, float]] = {}

    def recent(self) -> tuple[Failure, ...]:
        """The newest failure of each part that failed within `TOLD_S`, the newest first."""
        oldest = self._monotonic() - TOLD_S
        found = (failure for failure in self._newest.values() if failure.at > oldest)
        return tuple(sorted(found, key=lambda failure: failure.at, reverse=True))

    def note(self, part: str, error: BaseException) -> None:
        """A failure whose price is paid already: it is counted, logged and told."""
        now, before = self._monotonic(), self._newest.get(part)
        count = 1 if before is None else before.count + 1
        failure = Failure(part, error_line(error), now, count)
        self._newest[part] = failure
        what, logged_at = self._logged.get(part, ("", float("-inf")))
        if what != failure.error or now - logged_at >= LOG_INTERVAL_S:
            self._logged[part] = (failure.error, now)
            log.error("part %s failed (%d): %s", part, count, failure.error,
                      exc_info=error, extra={"PART": part})  # fmt: skip
        self._tell(part, failure.error)
        if before is None or now - before.at >= TOLD_S:
            self._changed()

    @contextmanager
    def contain(self, part: str) -> Iterator[None]:
        """What is raised inside costs the rest of this block alone."""
        try:
            yield
        except Exception as error:
            self.note(part, error)

    async def keep(
        self,
        part: str,
        run: Callable[[], Awaitable[None]],
        *,
        vital: bool = False,
        fatal: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run this part until it returns or is cancelled; after a failure start it again.

        Raises `PartError` where it is `vital` and has failed too often, and what it fails of while
        `fatal` says so.
        """
        failed: deque[float] = deque(maxlen=self._max_failures)
        pause = RESTART_S
        while True:
            try:
                return await run()
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                self.note(part, error)
            except Exception as error:
                if self._ends_program(error) or fatal():
                    raise
                self.note(part, error)
            now = self._monotonic()
            failed.append(now)
            if vital and len(failed) == self._max_failures and now - failed[0] < self._within_s:
                raise PartError(
                    f"{part} failed {self._max_failures} times within {now - failed[0]:.0f} s,"
                    f" last by {self._newest[part].error}"
                )
            rested = len(failed) < 2 or now - failed[-2] >= self._within_s
            pause = RESTART_S if rested else min(2 * pause, MAX_RESTART_S)
            await asyncio.sleep(pause)

    def _ends_program(self, error: Exception) -> bool:
        """Whether it says so itself, or is of a part that runs parts of its own."""
        kinds: tuple[type[Exception], ...] = (PartError, *self._unknowable)
        if isinstance(error, ExceptionGroup):
            return error.subgroup(kinds) is not None
        return isinstance(error, kinds)


def error_line(error: BaseException) -> str:
    """``ValueError: what it says``, one line of at most `MAX_ERROR_LETTERS`.

    Of a group it is the first that is no group: its own text says only how many there are.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    what = " ".join(str(error).split())
    name = type(error).__name__
    return (f"{name}: {what}" if what else name)[:MAX_ERROR_LETTERS]
