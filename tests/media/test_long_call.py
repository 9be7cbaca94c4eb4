"""A call that goes on over a bad line keeps nothing for ever. The real half hour: `make soak`."""

import asyncio
import gc

import pytest
from aiortc import MediaStreamTrack

from tests.fast_loop import play
from tests.media.lossy_path import LossyPath
from tests.media.virtual_call import Line

pytestmark = pytest.mark.timeout(600)
SPARE = 300
"""Objects: holes, held packets and RTCP that are just under way; one kept a packet were 1000s."""


class Unkept(Line):
    """Sees and hears, and forgets it."""

    async def _watch(self, track: MediaStreamTrack) -> None:
        while True:
            await track.recv()


@pytest.mark.parametrize(
    ("kind", "codec", "looks"),
    [("audio", (9, "G722", 8000), (60.0, 120.0)), ("video", (96, "H264", 90000), (10.0, 25.0))],
)
@pytest.mark.parametrize("feedback", [frozenset({"nack pli"}), frozenset({"nack", "nack pli"})])
def test_no_object_is_kept_for_what_went_by(
    kind: str, codec: tuple[int, str, int], looks: tuple[float, float], feedback: frozenset[str]
) -> None:
    async def counted() -> list[int]:
        way = LossyPath(delay_s=0.03, jitter_s=0.04, loss=0.03)
        line = Unkept(way, LossyPath(delay_s=0.03), kind, codec, feedback)
        call = asyncio.create_task(line.call(looks[1] + 1.0))
        counts = []
        for seconds in (looks[0], looks[1] - looks[0]):
            await asyncio.sleep(seconds)
            gc.collect()
            counts.append(len(gc.get_objects()))
        await call
        return counts

    before, after = play(counted())
    assert after - before < SPARE
