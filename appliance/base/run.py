"""Runs a program's work until a signal ends it: once for all programs."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from appliance.base.systemd import SystemdNotifier

log = logging.getLogger("diemcau.run")

STOP_S = 8.0
"""All of a program's work is down within this, before systemd's ``TimeoutStopSec`` (10 s)."""

LAST_S = 1.5
"""For what the end of the event loop waits for; systemd kills at 10 s."""
STUCK = 70
"""The exit code of a program that had to be ended so (EX_SOFTWARE, sysexits.h)."""


@contextmanager
def end_for_certain(last_s: float = LAST_S) -> Iterator[Callable[[], None]]:
    """For a program that waits in threads, around its `asyncio.run`; gives what is to be called
    when its work is over.

    The event loop's end waits for each thread, also for one that a database does not answer: where
    the context is not left `last_s` later, the process ends with the code `STUCK`.
    """
    last = threading.Timer(last_s, os._exit, (STUCK,))
    last.daemon = True
    try:
        yield last.start
    finally:
        last.cancel()


async def run_until_signal(
    work: Coroutine[Any, Any, None],
    *,
    systemd: SystemdNotifier | None = None,
    at_signal: Callable[[], None] = lambda: None,
    stop_s: float = STOP_S,
) -> None:
    """Run `work` to its end, or until SIGTERM or SIGINT; raises what it dies of.

    A signal ends it in order: systemd is told that the program stops, `at_signal` is called, the
    work is cancelled and has `stop_s` seconds for its own last words. An end by a signal is a
    wanted one and raises nothing. What is still there after `stop_s` is left to the event loop's
    end (`asyncio.Runner`), which cancels it once more.

    The handlers stay until the loop is closed, so a second signal does not cut the end short.
    """
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled.set)
    working = asyncio.create_task(work, name="work")
    waiting = asyncio.create_task(signalled.wait(), name="signal")
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not working.done():
        log.info("stopping")
        (systemd or SystemdNotifier()).stopping()
        at_signal()
        working.cancel()
        await asyncio.wait({working}, timeout=stop_s)
    if not working.done():
        log.error("not everything ended within %g s", stop_s)
        return
    with suppress(asyncio.CancelledError):
        working.result()
