"""A program's work ends by itself, by what it dies of, or by a signal: in order, and in time."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from appliance.base.run import STUCK, end_for_certain, run_until_signal


class Work:
    """Sends its own process a signal, and notes what becomes of it."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number
        self.steps: list[str] = []

    async def run(self, last_words_s: float = 0.0) -> None:
        try:
            os.kill(os.getpid(), self._number)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.steps.append("cancelled")
            await asyncio.sleep(last_words_s)
            self.steps.append("ended")
            raise


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_work_in_order(
    number: signal.Signals, notify: socket.socket
) -> None:
    work = Work(number)
    await run_until_signal(work.run(0.01), at_signal=lambda: work.steps.append("signal"))
    assert work.steps == ["signal", "cancelled", "ended"]
    assert notify.recv(4096) == b"STOPPING=1"


async def test_work_that_does_not_end_is_not_waited_for_longer_than_the_bound() -> None:
    began = time.monotonic()
    work = Work(signal.SIGTERM)
    await run_until_signal(work.run(60.0), stop_s=0.1)
    assert time.monotonic() - began < 10.0
    assert work.steps == ["cancelled"]


async def test_what_the_work_dies_of_is_raised() -> None:
    async def fall() -> None:
        raise OSError("no such device")

    with pytest.raises(OSError, match="no such device"):
        await run_until_signal(fall())


async def test_what_the_last_words_die_of_is_raised() -> None:
    async def fall_at_the_end() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        finally:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        await run_until_signal(fall_at_the_end())


async def test_work_that_ends_by_itself_tells_systemd_nothing(notify: socket.socket) -> None:
    await run_until_signal(asyncio.sleep(0))
    with pytest.raises(BlockingIOError):
        notify.recv(4096)


STUCK_IN_A_THREAD = """
import asyncio, os, signal, time
from appliance.base.run import end_for_certain, run_until_signal

async def work():
    thread = asyncio.to_thread(time.sleep, 300)
    os.kill(os.getpid(), signal.SIGTERM)
    await thread

with end_for_certain(0.5) as over:
    async def main():
        await run_until_signal(work(), stop_s=0.5)
        over()
    asyncio.run(main())
"""


@pytest.mark.case("K8")
def test_a_thread_that_does_not_return_does_not_keep_the_program() -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", STUCK_IN_A_THREAD], check=False, timeout=100)
    assert done.returncode == STUCK
    assert time.monotonic() - began < 60.0


def test_what_ends_in_time_is_left_alone() -> None:
    with end_for_certain(0.2) as over:
        over()
    time.sleep(0.4)
