"""The follower reads the chosen track alone, and ends when it is told to."""

import asyncio
from fractions import Fraction

import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from appliance.media.receive.track_follower import TrackFollower
from tests.fast_loop import play


class Counted(MediaStreamTrack):
    """Gives a frame each second and counts how often it was asked."""

    kind = "video"

    def __init__(self, ends_after: int = 1000) -> None:
        super().__init__()
        self.given = 0
        self._left = ends_after

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(1)
        if self.given >= self._left:
            raise MediaStreamError
        self.given += 1
        frame = VideoFrame.from_ndarray(np.zeros((3, 2), np.uint8), format="yuv420p")
        frame.pts, frame.time_base = self.given, Fraction(1, 1)
        return frame


def test_only_the_chosen_track_is_read() -> None:
    async def story() -> None:
        first, second, got = Counted(), Counted(ends_after=2), []
        follower = TrackFollower(lambda frame: got.append(frame.pts))
        running = asyncio.create_task(follower.run())
        follower.choose(first)
        await asyncio.sleep(3.5)
        follower.choose(second)
        await asyncio.sleep(10)
        assert (first.given, second.given, got) == (3, 2, [1, 2, 3, 1, 2])
        follower.choose(None)
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    play(story())


def test_a_cancellation_at_the_moment_of_a_turn_is_not_lost() -> None:
    async def story() -> None:
        for turns in range(6):
            follower = TrackFollower(lambda frame: None)
            running = asyncio.create_task(follower.run())
            await asyncio.sleep(0.1)
            follower.choose(Counted())
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
            async with asyncio.timeout(5):
                with pytest.raises(asyncio.CancelledError):
                    await running

    play(story())


def test_what_the_user_of_a_frame_raises_ends_the_run() -> None:
    async def story() -> None:
        def refuse(_frame: VideoFrame) -> None:
            raise ValueError("no place for it")

        follower = TrackFollower(refuse)
        follower.choose(Counted())
        with pytest.raises(ValueError, match="no place"):
            await follower.run()

    play(story())
