"""The mix of several sounds, by tracks of known samples."""

import asyncio
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from appliance.dialers.janus.mix import FRAME, Mix
from tests.fast_loop import play


class Level(MediaStreamTrack):
    """Frames of one constant sample, each when it is due; ends after ``frames``."""

    kind = "audio"

    def __init__(self, level: int, frames: int, begin: float) -> None:
        super().__init__()
        self._level, self._left, self._due = level, frames, begin

    async def recv(self) -> av.AudioFrame:
        if not self._left:
            raise MediaStreamError
        self._left -= 1
        await asyncio.sleep(max(0.0, self._due - _now()))
        pcm = np.full((1, 2 * FRAME), self._level, np.int16)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="stereo")
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 1_000_000)
        frame.pts = round(self._due * 1e6)
        self._due += 0.02
        return frame


async def mixed(*tracks: MediaStreamTrack, frames: int) -> list[av.AudioFrame]:
    mix = Mix(_now)
    mix.choose(set(tracks))
    async with asyncio.timeout(20):
        found = [await mix.recv() for _ in range(frames)]
    mix.stop()
    return found


def _now() -> float:
    return asyncio.get_running_loop().time()


def levels(frames: list[av.AudioFrame]) -> list[int]:
    return [int(np.median(frame.to_ndarray())) for frame in frames]


def test_one_sound_goes_through_as_it_is() -> None:
    begin = 0.1
    frames = play(mixed(Level(100, 20, begin), frames=20))
    assert levels(frames) == [100] * 20
    first = frames[0]
    assert first.pts is not None
    assert first.time_base is not None
    assert float(first.pts * first.time_base) == pytest.approx(begin, abs=1e-4)


def test_two_sounds_are_added() -> None:
    begin = 0.1
    frames = play(mixed(Level(100, 60, begin), Level(1000, 60, begin + 0.007), frames=50))
    assert levels(frames)[1:] == [1100] * 49
    due = [float(f.pts * f.time_base) for f in frames if f.pts is not None and f.time_base]
    assert due == sorted(due)


def test_too_loud_is_clipped_and_does_not_wrap() -> None:
    begin = 0.1
    frames = play(mixed(Level(30000, 60, begin), Level(30000, 60, begin), frames=50))
    assert max(levels(frames)) == 32767
    assert min(levels(frames)) >= 0


def test_a_source_that_ends_does_not_hold_the_other_up() -> None:
    begin = 0.1
    frames = play(mixed(Level(100, 80, begin), Level(1000, 10, begin), frames=60))
    assert levels(frames)[-10:] == [100] * 10


async def test_a_stopped_mix_tells_its_reader() -> None:
    mix = Mix()
    waiting = asyncio.create_task(mix.recv())
    await asyncio.sleep(0)
    mix.stop()
    with pytest.raises(MediaStreamError):
        await waiting
