"""Stays in a call for some seconds and reads all that comes, for who only tries a call out."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from appliance.core.problems import ProblemKey
from appliance.dialers.api import Call
from appliance.media.receive.track_follower import TrackFollower

CANCEL_S = 0.2
"""A follower that is just changing over may miss a cancellation: it gets another one then."""


async def watch_call(
    call: Call, seconds: float, *, see: Callable[[Any], None], hear: Callable[[Any], None]
) -> dict[ProblemKey, str]:
    """Give each far picture to `see` and each far sound to `hear`, until time or call are over.

    The result is what the call said to be wrong meanwhile, each with which one it is.
    """
    picture, sound = TrackFollower(see), TrackFollower(hear)
    reading = {asyncio.create_task(follower.run()) for follower in (picture, sound)}
    problems: dict[ProblemKey, str] = {}
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while call.ended is None:
                    picture.choose(call.video)
                    sound.choose(call.audio)
                    problems |= call.problems
                    await call.changed()
    finally:
        while reading:
            for task in reading:
                task.cancel()
            _, reading = await asyncio.wait(reading, timeout=CANCEL_S)
    return problems
