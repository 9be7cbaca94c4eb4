"""Starts a part of the program again when it fails; the others do not notice."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from services.province.passed_over import Part, Tell

log = logging.getLogger("diemcau.province.supervision")

MIN_RETRY_S, MAX_RETRY_S = 1.0, 60.0
CALM_S = 300.0
"""Who ran so long begins anew with the shortest wait."""
PROGRAM = "diemcau province"


async def keep_running(
    name: str,
    run: Callable[[], Awaitable[None]],
    tell: Tell,
    *,
    fatal: Callable[[], bool] = lambda: False,
    min_retry_s: float = MIN_RETRY_S,
) -> None:
    """Run a part until cancelled or until it ends by itself; an error is told, and it is started
    again after a wait that grows.

    Raises what it dies of while `fatal` says so, and MemoryError: after that nothing is known.
    """
    wait_s = min_retry_s
    while True:
        began = time.monotonic()
        try:
            return await run()
        except MemoryError:
            raise
        except Exception as error:  # of whatever kind: it costs this part alone
            if fatal():
                raise
            log.exception("%s failed and is started again", name)
            tell(Part.FAILED, name, f"{type(error).__name__}: {error}")
        if time.monotonic() - began > CALM_S:
            wait_s = min_retry_s
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, MAX_RETRY_S)


class RunningMark:
    """A file that stands while the program runs: it is found where the last one did not end in
    order (killed, out of memory, the power)."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def begin(self, tell: Tell) -> None:
        """At the start; a program that just fell is told. Raises `OSError`."""
        if self._file.exists():
            tell(Part.ENDED, PROGRAM, "it ended without a word; its journal may say why")
        self._file.touch()

    def end(self) -> None:
        """At the end in order."""
        self._file.unlink(missing_ok=True)
