"""Tasks end for certain, also where a library swallows the cancellation."""

import asyncio
import contextlib

import pytest

from appliance.base.tasks import cancel_and_wait, raise_if_cancelled


async def test_what_swallows_one_cancellation_is_ended_by_the_next() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await cancel_and_wait(task, retry_s=0.01)
    assert task.cancelled()
    assert swallowed == 2


async def test_what_has_ended_or_fails_at_its_end_stops_nothing() -> None:
    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("at the end")

    done, failing = asyncio.create_task(asyncio.sleep(0)), asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    await cancel_and_wait(done, failing)
    assert failing.done()
    with pytest.raises(ValueError, match="at the end"):
        failing.result()


async def test_a_swallowed_cancellation_is_raised_where_it_is_asked_for() -> None:
    async def work() -> str:
        with contextlib.suppress(asyncio.CancelledError):  # as the library does
            await asyncio.Event().wait()
        raise_if_cancelled()
        return "went on"

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await cancel_and_wait(task)
    assert task.cancelled()


async def test_a_timeout_is_a_timeout_also_then() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            raise_if_cancelled()
    raise_if_cancelled()
