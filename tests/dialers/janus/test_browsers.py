"""Chromium and Debian's Firefox publish into a real Janus, and a site receives them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import av
import numpy as np
import pytest

from appliance.core.problems import ProblemKey
from appliance.dialers.api import Call
from appliance.dialers.registry import Dialers
from appliance.media.capture.i420 import plane
from appliance.media.receive.track_follower import TrackFollower
from tests.dialers.far_ends import videoroom_address
from tests.dialers.sites import near, until
from tests.peers.browser.publisher import BrowserPublisher, browser_publisher
from tests.peers.janus import ANY_ROOM, ROOM, VP8_ROOM, VP9_ROOM, janus
from tests.process.ports import free_port

Open = Callable[[str], BrowserPublisher]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    with janus(tmp_path_factory.mktemp("janus"), number):
        yield number


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Each kind of browser, started when the first test wants it."""
    opened: dict[str, BrowserPublisher] = {}
    with ExitStack() as stack:

        def one(kind: str) -> BrowserPublisher:
            if kind not in opened:
                folder = tmp_path_factory.mktemp(kind)
                opened[kind] = stack.enter_context(browser_publisher(kind, folder))
            return opened[kind]

        yield one


class Watcher:
    """A site that looks and listens."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.pictures = 0
        self.sizes: set[tuple[int, int]] = set()
        self.shades = 0.0
        self.loud = 0

    async def run(self) -> None:
        """Read what there is, until cancelled."""
        picture, sound = TrackFollower(self._see), TrackFollower(self._hear)
        async with asyncio.TaskGroup() as group:
            group.create_task(picture.run())
            group.create_task(sound.run())
            while True:
                picture.choose(self.call.video)
                sound.choose(self.call.audio)
                await self.call.changed()

    def _see(self, frame: av.VideoFrame) -> None:
        self.pictures += 1
        self.sizes.add((frame.width, frame.height))
        self.shades = float(np.std(plane(frame, 0)))

    def _hear(self, frame: av.AudioFrame) -> None:
        self.loud += int(np.abs(frame.to_ndarray()).max() > 500)


async def enter(port: int, room: int) -> Watcher:
    call = await Dialers().dial(videoroom_address(port, "janus", room), near(1), name="site 1")
    return Watcher(call)


@pytest.mark.case("K1", "K2")
@pytest.mark.parametrize(
    ("kind", "room", "codec", "parameters"),
    [
        ("chromium", ROOM, "H264", "42e01f"),
        ("chromium", ROOM, "H264", "packetization-mode=0;profile-level-id=42001f"),
        ("chromium", ROOM, "H264", "4d001f"),
        ("chromium", VP8_ROOM, "VP8", ""),
        ("firefox", VP8_ROOM, "VP8", ""),
    ],
)
async def test_a_browser_is_seen_and_heard(
    port: int,
    browser: Open,
    kind: str,
    room: int,
    codec: str,
    parameters: str,
) -> None:
    publisher = browser(kind)
    assert await asyncio.to_thread(publisher.publish, port, room, codec, parameters) == "published"
    one = await enter(port, room)
    watching = asyncio.create_task(one.run())
    await until(lambda: one.pictures > 20, "pictures")
    await until(lambda: one.loud > 5, "a tone or beeps")
    assert one.shades > 3, "a test picture is not one grey"
    assert max(width for width, _ in one.sizes) >= 320
    assert one.call.floor.speaker == "browser"
    assert not one.call.problems
    assert one.call.statistics().video.codec == codec
    publisher.leave()
    await until(lambda: one.call.video is None, "that it has gone")
    watching.cancel()
    await one.call.hang_up()


@pytest.mark.case("K1")
@pytest.mark.parametrize("kind", ["chromium", "firefox"])
@pytest.mark.parametrize(("room", "codec"), [(VP9_ROOM, "VP9"), (ANY_ROOM, "AV1")])
async def test_a_browser_s_other_codec_is_told_and_its_sound_is_heard(
    port: int,
    browser: Open,
    kind: str,
    room: int,
    codec: str,
) -> None:
    publisher = browser(kind)
    assert await asyncio.to_thread(publisher.publish, port, room, codec) == "published"
    one = await enter(port, room)
    watching = asyncio.create_task(one.run())
    await until(lambda: one.loud > 5, "its sound")
    assert one.call.problems[ProblemKey.FAR_VIDEO] == f"browser ({codec})"
    assert one.call.video is None
    publisher.leave()
    await until(lambda: ProblemKey.FAR_VIDEO not in one.call.problems, "that it has gone")
    assert one.call.ended is None
    watching.cancel()
    await one.call.hang_up()
