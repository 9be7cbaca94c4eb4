"""One suite for every dialer against every far end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.dialers.dialer import DialError, EndReason
from appliance.dialers.table import Dialers
from tests.dialers.sites import Chair, near, site, until
from tests.peers.janus import FULL_ROOM, PIN, PIN_ROOM, ROOM, SHORT_ROOM, free_port, janus
from tests.peers.relay import relay
from tests.peers.room import room

KINDS = ("room", "janus")


@dataclass(frozen=True, slots=True)
class FarEnd:
    """A running server of one kind, or none for loopback."""

    kind: str
    port: int = 0

    @property
    def path(self) -> str:
        return "/janus" if self.kind == "room" else ""

    def address(self, number: int = ROOM, more: str = "", port: int = 0) -> str:
        if self.kind == "loopback":
            return "loopback:"
        return f"janus+ws://127.0.0.1:{port or self.port}{self.path}?room={number}{more}"


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FarEnd]:
    port = free_port()
    folder: Path = tmp_path_factory.mktemp("janus")
    with room(port) if request.param == "room" else janus(folder, port):
        yield FarEnd(request.param, port)


@pytest_asyncio.fixture
async def nothing_left() -> AsyncIterator[None]:
    """After a test no task of ours runs on."""
    yield

    def others() -> list[asyncio.Task[object]]:
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    await until(lambda: not others(), f"no task left of {others()}")


pytestmark = pytest.mark.usefixtures("nothing_left")


async def test_our_own_media_come_back_through_loopback() -> None:
    one = await site(Dialers(), "loopback:", 1)
    await until(lambda: len(one.numbers) > 30 and one.sees == 1, "our own picture")
    await until(lambda: one.hears() == {1}, "our own tone")
    assert one.numbers == sorted(one.numbers)
    await one.call.set_hand(True)
    assert one.call.floor.hand_confirmed
    await one.leave()
    assert one.call.ended is EndReason.OURS
    statistics = one.call.statistics()
    assert statistics.flowed
    assert statistics.video.codec == "H264"
    assert (statistics.video.width, statistics.video.height) == (640, 360)
    assert statistics.first_picture_s is not None


async def test_two_sites_see_and_hear_each_other(server: FarEnd) -> None:
    first = await site(Dialers(), server.address(), 1)
    second = await site(Dialers(), server.address(), 2)
    await until(lambda: first.sees == 2 and second.sees == 1, "each other's picture")
    await until(lambda: first.hears() == {2} and second.hears() == {1}, "each other's tone")
    assert first.call.floor.speaker == "site 2"
    seen = list(second.numbers)
    await until(lambda: len(second.numbers) > len(seen) + 30, "a picture that moves")
    assert second.numbers == sorted(second.numbers)
    assert second.due == sorted(second.due)
    for one in (first, second):
        statistics = one.call.statistics()
        assert statistics.flowed
        assert statistics.connected_s is not None
        assert statistics.audio.codec == "opus"
    await second.leave()
    await until(lambda: first.call.video is None, "that the other has gone")
    assert first.call.ended is None
    await first.leave()


async def test_who_comes_back_is_seen_again(server: FarEnd) -> None:
    first = await site(Dialers(), server.address(), 1)
    for number in (2, 3):
        other = await site(Dialers(), server.address(), number)
        await until(lambda n=number: first.sees == n, f"site {number}")  # type: ignore[misc]
        await until(lambda n=number: first.hears() == {n}, f"the tone of {number}")  # type: ignore[misc]
        await other.leave()
        await until(lambda: first.call.video is None, "nobody")
    await first.leave()


async def test_a_hand_is_confirmed_and_the_floor_given_and_taken(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter()
    first = await site(Dialers(), server.address(), 1)
    second = await site(Dialers(), server.address(), 2)
    await until(lambda: first.sees == 5 and second.sees == 5, "the chair's picture")
    await until(lambda: first.hears() == {2, 5}, "everybody else's sound")

    await first.call.set_hand(True)
    await until(lambda: first.call.floor.hand_confirmed, "the hand confirmed")
    await until(lambda: chair.hand("site 1"), "the hand at the chair")
    await chair.give(chair.number("site 1"))
    await until(lambda: first.call.floor.given, "the floor")
    await until(lambda: second.sees == 1, "the speaker's picture at the other site")
    assert first.sees == 5, "who speaks sees the chair"
    assert not second.call.floor.given
    assert second.call.floor.speaker == "site 1"

    await chair.give(None)
    await until(lambda: not first.call.floor.given, "the floor taken back")
    await until(lambda: second.sees == 5, "the chair again")
    await first.call.set_hand(False)
    await until(lambda: not first.call.floor.hand_confirmed, "the hand down")
    for one in (first, second, chair):
        await one.leave()


async def test_removed_from_the_meeting(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter()
    one = await site(Dialers(), server.address(), 1)
    await until(lambda: chair.number("site 1") != 0, "the site in the room")
    await chair.ask(request="kick", room=ROOM, id=chair.number("site 1"))
    await until(lambda: one.call.ended is not None, "the end")
    assert one.call.ended is EndReason.FAR_END
    assert "removed" in one.call.detail
    await one.leave()
    await chair.leave()


async def test_the_meeting_is_ended(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter(SHORT_ROOM)
    one = await site(Dialers(), server.address(SHORT_ROOM), 1)
    await chair.ask(request="destroy", room=SHORT_ROOM)
    await until(lambda: one.call.ended is not None, "the end")
    assert one.call.ended is EndReason.FAR_END
    await one.leave()
    await chair.leave()


@pytest.mark.parametrize(
    ("number", "more", "reason"),
    [
        (777, "", EndReason.REFUSED),
        (PIN_ROOM, "", EndReason.UNAUTHORISED),
        (PIN_ROOM, "&pin=1", EndReason.UNAUTHORISED),
    ],
)
async def test_refusals(server: FarEnd, number: int, more: str, reason: EndReason) -> None:
    with pytest.raises(DialError) as caught:
        await Dialers().dial(server.address(number, more), near(1), name="site 1")
    assert caught.value.reason is reason
    assert str(number) in caught.value.detail


async def test_the_right_pin_opens(server: FarEnd) -> None:
    call = await Dialers().dial(server.address(PIN_ROOM, f"&pin={PIN}"), near(1), name="site 1")
    await call.hang_up()


async def test_a_full_room_is_busy(server: FarEnd) -> None:
    call = await Dialers().dial(server.address(FULL_ROOM), near(1), name="site 1")
    with pytest.raises(DialError) as caught:
        await Dialers().dial(server.address(FULL_ROOM), near(2), name="site 2")
    assert caught.value.reason is EndReason.BUSY
    await call.hang_up()


async def test_a_line_that_blinks_ends_no_call(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter()
    async with relay(server.port) as line:
        one = await site(Dialers(), server.address(port=line.port), 1)
        await until(lambda: one.sees == 5, "the chair's picture")
        line.cut()
        await one.call.set_hand(True)
        seen = len(one.numbers)
        await until(lambda: len(one.numbers) > seen + 15, "a picture that goes on without the line")
        assert not one.call.floor.hand_confirmed
        line.mend()
        await until(lambda: one.call.floor.hand_confirmed, "the hand confirmed after all")
        assert one.call.ended is None
        await one.leave()
    await chair.leave()


async def test_a_server_that_forgot_us_loses_the_call(server: FarEnd, tmp_path: Path) -> None:
    port = free_port()
    with room(port) if server.kind == "room" else janus(tmp_path, port):
        async with relay(server.port) as line:
            call = await Dialers().dial(server.address(port=line.port), near(1), name="site 1")
            line.cut()
            line.mend(port)
            await until(lambda: call.ended is not None, "the end")
            assert call.ended is EndReason.LOST
            await call.hang_up()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_dies_loses_the_call(kind: str, tmp_path: Path) -> None:
    port = free_port()
    with room(port) if kind == "room" else janus(tmp_path, port) as process:
        one = await site(Dialers(), FarEnd(kind, port).address(), 1)
        process.kill()
        await until(lambda: one.call.ended is not None, "the end")
        assert one.call.ended is EndReason.LOST
        await one.leave()


async def test_a_dial_that_is_given_up_leaves_nothing(server: FarEnd) -> None:
    dialing = asyncio.create_task(Dialers().dial(server.address(), near(1), name="site 1"))
    for _ in range(20):
        await asyncio.sleep(0)
    dialing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialing
