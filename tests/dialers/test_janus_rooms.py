"""A real Janus whose rooms are set up in ways that its manual allows and few use."""

from collections.abc import Iterator

import pytest

from appliance.dialers.registry import Dialers
from tests.dialers.far_ends import videoroom_address
from tests.dialers.sites import site, until
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
