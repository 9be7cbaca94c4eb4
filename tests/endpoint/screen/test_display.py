"""The TV shows the far picture while it moves, the scene when it does not, and never nothing."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from appliance.core.scenes import Scene
from appliance.core.screen_texts import Screen
from appliance.media.tv.compositor import I420
from appliance.wire.meeting import Meeting
from services.endpoint.screen.display import STALE_S, Display
from tests.fast_loop import play
from tests.stories.far_end import FarEnd

WHOLE, MIRROR, OVER = (np.full((3, 2), value, np.uint8) for value in (1, 2, 3))


@dataclass
class Seen:
    """Television and renderer: what was shown, as the renderer marked it."""

    shown: list[int] = field(default_factory=list)
    signs_drawn: int = 0

    def show(self, picture: I420, due: float) -> None:
        self.shown.append(int(picture[0, 0]))

    def play(self, pcm: bytes, due: float) -> None: ...

    def draw_scene(self, scene: Scene) -> I420:
        return WHOLE

    def with_self_view(self) -> I420:
        return MIRROR

    def prepare_signs(self, scene: Scene) -> None:
        self.signs_drawn += 1

    def compose(self, frame: object) -> I420:
        return OVER


def test_far_picture_comes_stands_still_and_comes_back() -> None:
    seen, beats = Seen(), []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        display = Display(seen, seen, loop.time, lambda: beats.append(loop.time()))
        running = asyncio.create_task(display.run())
        display.want(Scene(Screen.JOINING, "Xã Ia Kly"), None)
        await asyncio.sleep(0.1)
        assert (seen.shown, display.shown.is_set()) == ([1], True)
        far = FarEnd()
        call = await far.dial(Meeting("m1", "Giao ban", 0.0, 60.0, "loopback:"))
        display.want(Scene(Screen.IN_MEETING, "Xã Ia Kly"), call)
        await asyncio.sleep(0.5)
        assert set(seen.shown[1:]) == {1, 2}
        await asyncio.sleep(3)
        assert seen.shown[-1] == 3
        assert seen.signs_drawn == 1
        far.silent = True
        await asyncio.sleep(STALE_S + 2)
        assert seen.shown[-1] == 2
        far.silent = False
        await asyncio.sleep(2)
        assert seen.shown[-1] == 3
        display.want(Scene(Screen.LEAVING, "Xã Ia Kly"), call)
        await asyncio.sleep(2)
        assert seen.shown[-1] == 1
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    play(story())
    assert len(beats) >= 4


def test_an_equal_scene_is_not_drawn_again() -> None:
    seen = Seen()

    async def story() -> None:
        display = Display(seen, seen, asyncio.get_running_loop().time, lambda: None)
        running = asyncio.create_task(display.run())
        for _ in range(5):
            display.want(Scene(Screen.IDLE, "Xã Ia Kly"), None)
            await asyncio.sleep(1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    play(story())
    assert seen.shown == [1]
