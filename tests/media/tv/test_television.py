"""What went into the television is seen on its screen and heard from its loudspeaker."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.media.tv.compositor import Canvas
from appliance.media.tv.output import Output
from appliance.media.tv.patience import STATUS_TIMEOUT_S
from appliance.media.tv.television import Television, TvProblem
from tests.tv import VirtualTv, virtual_tv
from tests.tv.marks import burst, onset, read_stamp, stamp
from tests.tv.measure import Watcher, feed

SIZE = (640, 360)


@pytest.fixture(scope="module")
def tv() -> Iterator[VirtualTv]:
    with virtual_tv(SIZE) as made:
        yield made


@asynccontextmanager
async def running(television: Television) -> AsyncIterator[Television]:
    task = asyncio.create_task(television.run())
    try:
        yield television
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=10)
        assert task.done()


async def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


def numbered(number: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    picture = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
    stamp(picture, number)
    return picture


@pytest.mark.real_time
async def test_the_pictures_of_a_stream_are_seen_in_order_and_its_bursts_heard(
    tv: VirtualTv,
) -> None:
    television = Television(SIZE, environment=tv.environment)
    async with running(television):
        await until(lambda: television.problem is None)
        await asyncio.sleep(2.0)  # the null sink begins with two seconds of its own
        with Watcher(tv).watching() as watcher:
            await asyncio.sleep(1.0)  # the ear learns when samples sound
            due, bursts = await feed(television, 4.0, jitter=0.02)
            await asyncio.sleep(0.6)
        assert television.problem is None
    # A busy machine keeps the feed or the onlooker from its work: not all must have come through.
    assert len(set(due) & set(watcher.pictures)) > len(due) * 0.6
    order = [number for number, _ in sorted(watcher.pictures.items(), key=lambda item: item[1])]
    assert order == sorted(order)
    assert len(bursts) * 0.5 <= len(watcher.bursts) <= len(bursts) + 1
    assert television.pid is None
    assert television.problem is TvProblem.NO_PICTURE


@pytest.mark.real_time
async def test_pictures_that_come_long_before_their_dates_are_seen_at_them(tv: VirtualTv) -> None:
    """On an uneven line the far end's buffer grows to 0.2 s: the TV once showed one in thirty."""
    television = Television(SIZE, environment=tv.environment)
    dates: dict[int, float] = {}
    async with running(television):
        await until(lambda: television.problem is None)
        with Watcher(tv).watching() as watcher:
            begin = time.monotonic()
            for number in range(1, 61):
                await asyncio.sleep(begin + number / 30 - time.monotonic())
                dates[number] = begin + number / 30 + 0.2
                television.show(numbered(number), dates[number])
            await asyncio.sleep(0.6)
    assert len(set(dates) & set(watcher.pictures)) > 40
    late = sorted(watcher.pictures[number] - at for number, at in dates.items()
                  if number in watcher.pictures)  # fmt: skip
    assert late[len(late) // 2] > 0.0


async def test_the_last_picture_stays_and_comes_back_after_a_kill(tv: VirtualTv) -> None:
    television = Television(SIZE, environment=tv.environment)
    async with running(television):
        await until(lambda: television.pid is not None)
        television.show(numbered(77), time.monotonic())
        await until(lambda: read_stamp(tv.grab()) == 77)
        await asyncio.sleep(1.5)
        assert read_stamp(tv.grab()) == 77
        first = television.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: television.pid not in (None, first))
        await until(lambda: read_stamp(tv.grab()) == 77)
        television.show(numbered(78), time.monotonic())
        await until(lambda: read_stamp(tv.grab()) == 78)
        await until(lambda: television.problem is None)
        television.play(burst(0.1).tobytes(), time.monotonic())
    assert television.starts == 2


async def test_a_child_that_hangs_is_replaced(tv: VirtualTv) -> None:
    television = Television(SIZE, environment=tv.environment)
    async with running(television):
        television.show(numbered(5), time.monotonic())
        await until(lambda: television.problem is None)
        first = television.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        for _ in range(100):  # nothing that a hung child does may stop the call
            television.show(numbered(6), time.monotonic())
            television.play(bytes(3840), time.monotonic())
        await until(lambda: television.pid not in (None, first))
        await until(lambda: read_stamp(tv.grab()) == 6)


async def test_a_child_that_starts_slowly_is_waited_for(tv: VirtualTv) -> None:
    """A cold card: it stood still between its first status and its first picture, and was ended
    for that again and again."""
    television = Television(SIZE, environment=tv.environment)
    async with running(television):
        television.show(numbered(7), time.monotonic())
        await until(lambda: bool(television.status))
        first = television.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        assert television.displayed <= 0, "it has shown a picture already: nothing is tried here"
        await asyncio.sleep(STATUS_TIMEOUT_S + 1.0)
        os.kill(first, signal.SIGCONT)
        await until(lambda: read_stamp(tv.grab()) == 7)
        assert (television.pid, television.starts) == (first, 1)


async def test_a_turn_of_ours_that_lasts_is_no_silence_of_the_childs(tv: VirtualTv) -> None:
    television = Television(SIZE, environment=tv.environment)
    async with running(television):
        television.show(numbered(8), time.monotonic())
        await until(lambda: television.problem is None)
        first = television.pid
        time.sleep(STATUS_TIMEOUT_S + 0.5)  # noqa: ASYNC251 - nothing else has a turn meanwhile
        await asyncio.sleep(1.0)
        assert (television.pid, television.starts) == (first, 1)


async def test_colours_and_a_whole_screen_of_another_size(tv: VirtualTv) -> None:
    size = (320, 180)
    television = Television(size, environment=tv.environment)
    canvas = Canvas(size)
    scene = np.zeros((180, 320, 3), np.uint8)
    scene[:90], scene[90:] = (200, 30, 40), (20, 60, 180)
    canvas.scene(scene)
    async with running(television):
        television.show(canvas.picture, time.monotonic())
        await until(lambda: abs(int(tv.grab()[60, 600, 0]) - 200) < 10)
        screen = tv.grab().astype(int)
    for row, column, colour in ((20, 20, (200, 30, 40)), (340, 620, (20, 60, 180))):
        assert abs(screen[row, column] - np.array(colour)).max() < 10


async def test_a_box_that_stands_idle_gives_vlc_long_blocks_of_silence(tv: VirtualTv) -> None:
    """VLC itself counts blocks and pictures: it shows one that stands some thirteen times a second.

    There were a hundred blocks to these thirteen pictures, for as long as the box was on."""
    television = Television(SIZE, environment=tv.environment)
    async with running(television):
        television.show(numbered(3), time.monotonic())
        await until(lambda: television.status.get("displayed", 0) > 50 and not television.problem)
        begin = television.status
        await until(lambda: television.status["displayed"] >= begin["displayed"] + 40)
        blocks, pictures = (television.status[key] - begin[key] for key in ("sounded", "displayed"))
        # A sound stream that begins anew, which it may on a busy machine, counts anew.
        assert blocks < 4 * pictures, (blocks, pictures)
        television.show(numbered(4), time.monotonic())
        await until(lambda: read_stamp(tv.grab()) == 4)


async def test_no_sound_server_costs_the_sound_only() -> None:
    with virtual_tv(SIZE, sound=False) as mute:
        television = Television(SIZE, environment=mute.environment)
        async with running(television):
            television.show(numbered(9), time.monotonic())
            await until(lambda: read_stamp(mute.grab()) == 9)
            await until(lambda: television.problem is TvProblem.NO_SOUND)
            television.show(numbered(10), time.monotonic())
            await until(lambda: read_stamp(mute.grab()) == 10)


async def test_no_display_is_a_problem_and_is_tried_again(tv: VirtualTv) -> None:
    television = Television(SIZE, environment=tv.environment | {"DISPLAY": ":987"})
    async with running(television):
        television.show(numbered(1), time.monotonic())
        await until(lambda: television.starts >= 2)
        assert television.problem is TvProblem.NO_PICTURE


async def test_what_is_no_picture_is_refused() -> None:
    television = Television(SIZE)
    with pytest.raises(ValueError, match="640"):
        television.show(np.zeros((1080, 1280), np.uint8), 0.0)
    with pytest.raises(ValueError, match="of 'd'"):
        television.show(np.zeros((540, 640), np.float64), 0.0)
    with pytest.raises(ValueError, match="in one piece"):
        television.show(np.zeros((540, 1280), np.uint8)[:, ::2], 0.0)
    with pytest.raises(ValueError, match=r"\(345599,\)"):
        television.show(bytes(640 * 540 - 1), 0.0)


def test_marks_are_read_back_and_half_pictures_are_not() -> None:
    for number in (0, 1, 2047, 4095, 1365):
        screen = np.repeat(numbered(number)[:360, :, None], 3, axis=2)
        assert read_stamp(screen) == number
    assert read_stamp(np.zeros((360, 640, 3), np.uint8)) is None
    assert onset(np.zeros((480, 2), np.int16)) is None
    assert onset(burst()) == 0
    assert Output().delay > Output().sound_lead + 0.010
