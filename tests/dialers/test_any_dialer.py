"""One suite for every dialer against every far end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.dialers.api import Call, DialError, EndReason
from appliance.dialers.registry import Dialers
from tests.dialers.far_ends import ALL, CONFERENCES, VIDEOROOMS, FarEnd, start, videoroom_address
from tests.dialers.sites import Chair, near, site, until
from tests.peers.janus import ROOM, SHORT_ROOM, janus
from tests.peers.relay import relay
from tests.peers.room import room
from tests.process.ports import free_port

Start = Callable[[str], FarEnd]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Each kind of far end, started when the first test wants it."""
    started: dict[str, FarEnd] = {}
    with contextlib.ExitStack() as stack:

        def one(kind: str) -> FarEnd:
            if kind not in started:
                started[kind] = stack.enter_context(start(kind, tmp_path_factory.mktemp(kind)))
            return started[kind]

        yield one


@pytest.fixture(params=ALL)
def anybody(request: pytest.FixtureRequest, running: Start) -> FarEnd:
    return running(request.param)


@pytest.fixture(params=CONFERENCES)
def conference(request: pytest.FixtureRequest, running: Start) -> FarEnd:
    return running(request.param)


@pytest.fixture(params=VIDEOROOMS)
def server(request: pytest.FixtureRequest, running: Start) -> FarEnd:
    return running(request.param)


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


async def test_picture_and_sound_both_ways_and_a_hand(anybody: FarEnd) -> None:
    async with anybody.company():
        one = await site(anybody.room.dialer, anybody.room.address, 1)
        await until(lambda: one.sees == 2, "the other's picture")
        await until(lambda: one.hears() == {2}, "the other's tone")
        await one.call.set_hand(True)
        await until(lambda: one.call.floor.hand_confirmed, "the hand confirmed")
        await one.call.set_mic(True)
        await one.call.set_hand(False)
        await until(lambda: not one.call.floor.hand_confirmed, "the hand down")
        await one.leave()
    assert one.call.ended is EndReason.OURS
    statistics = one.call.statistics()
    assert statistics.flowed
    assert (statistics.video.width, statistics.video.height) == (640, 360)
    assert (statistics.video.codec, statistics.audio.codec) == ("H264", anybody.sound)


async def test_two_sites_see_and_hear_each_other(conference: FarEnd) -> None:
    door = conference.room
    first = await site(door.dialer, door.address, 1)
    second = await site(door.dialer, door.address, 2)
    await until(lambda: first.sees == 2 and second.sees == 1, "each other's picture")
    await until(lambda: first.hears() == {2} and second.hears() == {1}, "each other's tone")
    if conference.kind in VIDEOROOMS:
        assert first.call.floor.speaker == "site 2"
    seen = len(second.numbers)
    await until(lambda: len(second.numbers) > seen + 30, "a picture that moves")
    assert second.numbers[seen:] == sorted(second.numbers[seen:])
    assert second.due[seen:] == sorted(second.due[seen:])
    for one in (first, second):
        statistics = one.call.statistics()
        assert statistics.flowed
        assert statistics.connected_s is not None
        assert statistics.audio.codec == conference.sound
    await second.leave()
    if conference.kind in VIDEOROOMS:
        await until(lambda: first.call.video is None, "that the other has gone")
    assert first.call.ended is None
    await first.leave()


async def test_who_comes_back_is_seen_again(conference: FarEnd) -> None:
    door = conference.room
    first = await site(door.dialer, door.address, 1)
    for number in (2, 3):
        other = await site(door.dialer, door.address, number)
        await until(lambda n=number: first.sees == n, f"site {number}")  # type: ignore[misc]
        await until(lambda n=number: first.hears() == {n}, f"the tone of {number}")  # type: ignore[misc]
        await other.leave()
        if conference.kind in VIDEOROOMS:
            await until(lambda: first.call.video is None, "nobody")
    await first.leave()


async def test_a_hand_is_confirmed_and_the_floor_given_and_taken(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter()
    first = await site(Dialers(), videoroom_address(server.port, server.kind), 1)
    second = await site(Dialers(), videoroom_address(server.port, server.kind), 2)
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


@pytest.mark.case("U5")
async def test_a_false_chair_in_a_real_janus_takes_no_tv(running: Start) -> None:
    server = running("janus")
    address = videoroom_address(server.port, server.kind)
    first = await site(Dialers(), address, 1)
    second = await site(Dialers(), address, 2)
    stranger = await site(Dialers(), address, 3, keys=None)
    await until(lambda: first.sees == 2 and second.sees == 1, "each other's picture")
    false = await Chair(server.port, server.path, false=True).enter()
    await until(lambda: first.hears() == {2, 3, 5}, "everybody else's sound")
    await false.give(false.number("site 1"))
    await asyncio.sleep(1.0)
    for one in (first, second, stranger):
        assert not one.call.floor.given
        assert one.call.floor.speaker != "Chủ trì"
    assert (first.sees, second.sees) == (2, 1), "nobody's TV was taken"
    assert first.call.floor.gives, "the console can"
    assert not stranger.call.floor.gives, "nobody can: its feed names no console"

    true = await Chair(server.port, server.path).enter()
    await true.give(true.number("site 1"))
    await until(lambda: first.call.floor.given, "the floor")
    await until(lambda: second.sees == 1, "the speaker's picture")
    await false.give(None)
    await asyncio.sleep(0.5)
    assert first.call.floor.given, "nor can it take the floor back"
    for who in (first, second, stranger, false, true):
        await who.leave()


async def test_removed_from_the_meeting(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter()
    one = await site(Dialers(), videoroom_address(server.port, server.kind), 1)
    await until(lambda: chair.number("site 1") != 0, "the site in the room")
    await chair.ask(request="kick", room=ROOM, id=chair.number("site 1"))
    await until(lambda: one.call.ended is not None, "the end")
    assert one.call.ended is EndReason.FAR_END
    assert "removed" in one.call.detail
    await one.leave()
    await chair.leave()


async def test_the_meeting_is_ended(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter(SHORT_ROOM)
    one = await site(Dialers(), videoroom_address(server.port, server.kind, SHORT_ROOM), 1)
    await chair.ask(request="destroy", room=SHORT_ROOM)
    await until(lambda: one.call.ended is not None, "the end")
    assert one.call.ended is EndReason.FAR_END
    await one.leave()
    await chair.leave()


async def test_refusals(anybody: FarEnd) -> None:
    for door, reason in anybody.refused:
        with pytest.raises(DialError) as caught:
            await door.dialer.dial(door.address, near(1), name="site 1")
        assert caught.value.reason is reason, door.address
        assert len(caught.value.detail.splitlines()) == 1


async def test_the_right_secret_opens(conference: FarEnd) -> None:
    door = conference.opened
    assert door is not None
    call = await door.dialer.dial(door.address, near(1), name="site 1")
    await call.hang_up()


async def test_a_full_room_is_busy(anybody: FarEnd) -> None:
    door = anybody.full
    calls: list[Call] = []
    with pytest.raises(DialError) as caught:
        while len(calls) <= anybody.full_after:
            calls.append(await door.dialer.dial(door.address, near(1), name="site 1"))
    assert caught.value.reason is EndReason.BUSY
    for call in calls:
        await call.hang_up()


async def test_a_line_that_blinks_ends_no_call(server: FarEnd) -> None:
    chair = await Chair(server.port, server.path).enter()
    async with relay(server.port) as line:
        one = await site(Dialers(), videoroom_address(line.port, server.kind), 1)
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
            call = await Dialers().dial(
                videoroom_address(line.port, server.kind), near(1), name="site 1"
            )
            line.cut()
            line.mend(port)
            await until(lambda: call.ended is not None, "the end")
            assert call.ended is EndReason.LOST
            await call.hang_up()


@pytest.mark.parametrize("kind", ALL)
async def test_a_far_end_that_dies_loses_the_call(kind: str, tmp_path: Path) -> None:
    with start(kind, tmp_path) as far:
        one = await site(far.room.dialer, far.room.address, 1)
        far.kill()
        await until(lambda: one.call.ended is not None, "the end")
        assert one.call.ended is EndReason.LOST
        await one.leave()


async def test_a_dial_that_is_given_up_leaves_nothing(anybody: FarEnd) -> None:
    door = anybody.room
    dialing = asyncio.create_task(door.dialer.dial(door.address, near(1), name="site 1"))
    for _ in range(10):
        await asyncio.sleep(0)
    dialing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialing
