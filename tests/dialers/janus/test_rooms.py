"""A real Janus whose rooms are set up in ways that its manual allows and few use."""

import asyncio
from collections.abc import Iterator

import av
import pytest

from appliance.dialers.registry import Dialers
from tests.dialers.far_ends import videoroom_address
from tests.dialers.janus.publisher import Publisher, only
from tests.dialers.sites import Chair, near, site, until
from tests.media.local_tracks import NumberedVideo
from tests.peers import janus as there
from tests.process.ports import free_port


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    with there.janus(tmp_path_factory.mktemp("janus"), number):
        yield number


@pytest.mark.case("C16")
async def test_rooms_whose_ids_are_texts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Both were refused, or silent for ever: the feeds' ids were no numbers."""
    number = free_port()
    with there.janus(tmp_path_factory.mktemp("texts"), number, string_ids=True):
        address = videoroom_address(number, "janus")
        first, second = await site(Dialers(), address, 1), await site(Dialers(), address, 2)
        await until(lambda: first.sees == 2 and second.sees == 1, "each other's picture")
        await until(lambda: first.hears() == {2} and second.hears() == {1}, "each other's tone")
        await second.leave()
        await until(lambda: first.call.video is None, "that the other has gone")
        await first.leave()


@pytest.mark.case("C16")
async def test_a_room_that_wants_a_private_id_of_its_subscribers(port: int) -> None:
    """It refused the subscription each second."""
    address = videoroom_address(port, "janus", there.PRIVATE_ROOM)
    first, second = await site(Dialers(), address, 1), await site(Dialers(), address, 2)
    await until(lambda: first.sees == 2 and second.sees == 1, "each other's picture")
    await second.leave()
    await first.leave()


@pytest.mark.case("C16")
async def test_a_picture_that_never_comes_is_not_waited_for(port: int) -> None:
    address = videoroom_address(port, "janus", there.ANY_ROOM)
    video = NumberedVideo(first=20_000, frames=0)
    off = await Publisher(port, "A", video=video).enter(there.ANY_ROOM)
    one = await site(Dialers(), address, 1)
    other = await site(Dialers(), address, 3)
    await until(lambda: one.sees == 3, "the picture of who sends one")
    await until(lambda: one.call.floor.speaker == "site 3", "its name")
    assert not one.call.problems
    assert one.hears() == {2, 3}
    video.resume()
    await until(lambda: one.sees == 2, "the first one's picture once it comes")
    assert one.call.floor.speaker == "A"
    for each in (one, other, off):
        await each.leave()


@pytest.mark.case("C16")
async def test_a_change_to_another_codec_shows_the_new_picture(port: int) -> None:
    """Janus says "switched: ok", and leaves a picture of another codec out."""
    address = videoroom_address(port, "janus", there.ANY_ROOM)
    one = await site(Dialers(), address, 1)
    first = await Publisher(port, "A", there=only("video", "VP8")).enter(there.ANY_ROOM)
    await until(lambda: one.sees == 2, "the first picture, of VP8")
    assert one.call.statistics().video.codec == "VP8"
    chair = await Chair(port, "").enter(there.ANY_ROOM)
    await until(lambda: one.sees == 5, "the chair's picture, of H.264")
    assert one.call.floor.speaker == "Chủ trì"
    await chair.leave()
    await until(lambda: one.sees == 2, "the first picture again")
    await one.leave()
    await first.leave()


@pytest.mark.case("C16")
@pytest.mark.parametrize(("octet", "size"), [(0, (640, 360)), (1, (360, 640)), (3, (360, 640))])
async def test_a_telephone_that_is_held_upright_is_shown_upright(
    port: int, octet: int, size: tuple[int, int]
) -> None:
    """It lay on its side: the server passes the word on where both ends have agreed on it."""
    phone = await Publisher(port, "A", turned=octet).enter(there.ROOM)
    address = videoroom_address(port, "janus")
    call = await Dialers().dial(address, near(1), name="site 1")
    await until(lambda: call.video is not None, "a track")
    assert call.video is not None
    async with asyncio.timeout(20):
        frame = await call.video.recv()
        for _ in range(30):
            frame = await call.video.recv()
    assert isinstance(frame, av.VideoFrame)
    assert (frame.width, frame.height) == size
    await call.hang_up()
    await phone.leave()
