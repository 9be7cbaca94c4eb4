"""The one call that is wanted: dialled until it stands, held while it lives, left when it is not.

Every wait is of the loop's own time, which jumps.
"""

import asyncio
from functools import partial
from itertools import pairwise

import pytest

from appliance.core.decision import CallState
from appliance.core.end_reasons import EndReason
from appliance.core.redial import POWER_CAME_S, first_delay, power_delay, retry_delay
from appliance.dialers.api import DIAL_DEADLINE_S, DialError
from appliance.wire.meeting import Meeting
from services.endpoint.call.call_keeper import (
    FIRST_MEDIA_S,
    HANG_UP_S,
    SILENT_MEDIA_S,
    WATCHDOG_SILENCE_S,
    CallKeeper,
)
from tests.endpoint.call.calls import FarEnd, MemoryCall, keeping
from tests.fast_loop import play

BUSY = DialError(EndReason.BUSY, "the room is full")


def meeting(uid: str = "a", address: str = "janus+wss://x/janus?room=1") -> Meeting:
    return Meeting(uid, "Giao ban", 0.0, 3600.0, address)


def states(far: FarEnd) -> list[CallState]:
    return [fact.state for fact in far.facts]


def test_a_wanted_call_goes_up_and_an_unwanted_one_is_left() -> None:
    call = MemoryCall()
    far = FarEnd(call)
    keeper = far.keeper()

    async def story() -> None:
        await asyncio.sleep(5.0)
        assert (far.dialled, keeper.call) == ([], None)
        keeper.want(meeting())
        await asyncio.sleep(1.0)
        assert (keeper.fact.state, keeper.fact.uid) == (CallState.UP, "a")
        assert keeper.fact.address == "janus+wss://x/janus?room=1"
        keeper.want(None)
        await asyncio.sleep(1.0)

    play(keeping(keeper, story))
    assert states(far) == [CallState.DIALING, CallState.UP, CallState.CLOSING, CallState.DOWN]
    assert (call.hung_up, keeper.call) == (1, None)
    assert keeper.ended is not None
    assert keeper.ended.reason is EndReason.OURS


def test_it_is_dialled_again_ever_later_and_the_waits_are_the_site_s_own() -> None:
    far = FarEnd(BUSY)
    keeper = far.keeper()

    async def story() -> None:
        keeper.want(meeting())
        await asyncio.sleep(100.0)
        assert keeper.ended is not None
        assert (keeper.ended.reason, keeper.ended.detail) == (EndReason.BUSY, "the room is full")
        assert keeper.tries == len(far.dialled)

    play(keeping(keeper, story))
    moments = [moment for moment, _ in far.dialled]
    waits = [later - sooner for sooner, later in pairwise(moments)]
    wanted = [retry_delay(number, EndReason.BUSY, "ia-kly") for number in range(1, len(moments))]
    assert len(waits) >= 3
    assert waits == pytest.approx(wanted, abs=0.01)


def test_a_large_room_is_entered_over_its_spread() -> None:
    far = FarEnd(MemoryCall())
    keeper = far.keeper(spread=60.0)

    async def story() -> None:
        keeper.want(meeting())
        await asyncio.sleep(70.0)

    play(keeping(keeper, story))
    assert far.dialled[0][0] == pytest.approx(first_delay("ia-kly", 60.0), abs=0.01)


def test_who_comes_back_with_the_power_waits_for_its_turn_once() -> None:
    """Another address meanwhile lets it call no sooner; what falls later is dialled at once."""
    call = MemoryCall()
    far = FarEnd(call)
    keeper = far.keeper(uptime_s=25.0)
    wait = power_delay("ia-kly", 25.0, 600.0)

    async def story() -> None:
        keeper.want(None, 600.0)
        keeper.want(meeting(), 600.0)
        assert keeper.turn_at == pytest.approx(wait, abs=0.01)
        await asyncio.sleep(wait / 2)
        keeper.want(meeting(address="janus+wss://x/janus?room=2"), 605.0)
        await asyncio.sleep(wait / 2 - 0.1)
        assert (far.dialled, keeper.tries) == ([], 0)
        await asyncio.sleep(0.2)
        assert len(far.dialled) == 1
        keeper.want(None, 700.0)
        await asyncio.sleep(1.0)
        keeper.want(meeting("b"), 700.0)
        await asyncio.sleep(0.1)
        assert len(far.dialled) == 2

    assert wait > 1.0
    play(keeping(keeper, story))


def test_a_hand_and_a_program_that_was_started_anew_wait_for_no_turn() -> None:
    async def story(keeper: CallKeeper, far: FarEnd) -> None:
        keeper.want(meeting(), 600.0)
        await asyncio.sleep(0.1)
        assert len(far.dialled) == 1

    started, by_hand = FarEnd(MemoryCall()), FarEnd(MemoryCall())
    keeper = started.keeper(uptime_s=POWER_CAME_S)
    play(keeping(keeper, partial(story, keeper, started)))
    keeper = by_hand.keeper(uptime_s=25.0)
    keeper.begin_anew("a")
    play(keeping(keeper, partial(story, keeper, by_hand)))


def test_no_answer_is_given_up_at_the_deadline() -> None:
    far = FarEnd(None)
    keeper = far.keeper()

    async def story() -> None:
        keeper.want(meeting())
        await asyncio.sleep(DIAL_DEADLINE_S - 0.1)
        assert keeper.ended is None
        await asyncio.sleep(0.2)
        assert keeper.ended is not None
        assert keeper.ended.reason is EndReason.UNREACHABLE

    play(keeping(keeper, story))


@pytest.mark.parametrize(("media_s", "lost_s"), [(None, FIRST_MEDIA_S), (5.0, 5 + SILENT_MEDIA_S)])
def test_a_call_without_media_is_lost(media_s: float | None, lost_s: float) -> None:
    call = MemoryCall()
    far = FarEnd(call)
    keeper = far.keeper()

    async def story() -> None:
        keeper.want(meeting())
        if media_s is not None:
            await asyncio.sleep(media_s)
            keeper.note_media()
        await asyncio.sleep(lost_s - (media_s or 0.0) - 0.1)
        assert keeper.fact.state is CallState.UP
        await asyncio.sleep(0.2)
        assert keeper.ended is not None
        assert keeper.ended.reason is EndReason.LOST
        assert call.hung_up == 1

    play(keeping(keeper, story))


@pytest.mark.case("C7")
def test_a_silent_far_end_that_sends_rtcp_is_there() -> None:
    call = MemoryCall()
    keeper = FarEnd(call).keeper()

    async def story() -> None:
        keeper.want(meeting())
        for _ in range(100):
            await asyncio.sleep(1.0)
            call.heard_at = asyncio.get_running_loop().time()
            assert keeper.fact.state is CallState.UP
            assert keeper.media_moves(call.heard_at)
        await asyncio.sleep(SILENT_MEDIA_S + 0.1)
        assert keeper.ended is not None
        assert keeper.ended.reason is EndReason.LOST

    play(keeping(keeper, story))


def test_who_is_alone_in_a_room_waits_there() -> None:
    keeper = FarEnd(MemoryCall(alone=True)).keeper()

    async def story() -> None:
        keeper.want(meeting())
        await asyncio.sleep(3600.0)
        assert keeper.fact.state is CallState.UP
        assert keeper.media_moves(asyncio.get_running_loop().time())

    play(keeping(keeper, story))


def test_the_far_end_s_word_is_kept_and_a_call_that_worked_is_dialled_at_once() -> None:
    first, second = MemoryCall(), MemoryCall()
    far = FarEnd(first, second)
    keeper = far.keeper()

    async def story() -> None:
        keeper.want(meeting())
        for _ in range(6):
            await asyncio.sleep(2.0)
            keeper.note_media()
        assert keeper.flowed == {"a"}
        first.end(EndReason.FAR_END, "the chair closed the room")
        await asyncio.sleep(0.001)
        assert keeper.ended is not None
        assert keeper.ended.detail == "the chair closed the room"
        await asyncio.sleep(0.6)
        assert (keeper.fact.state, keeper.tries) == (CallState.UP, 0)
        assert keeper.call is second

    play(keeping(keeper, story))


def test_another_meeting_takes_the_place_of_the_one_that_is_dialled_or_on() -> None:
    far = FarEnd(None, MemoryCall(), MemoryCall())
    keeper = far.keeper()

    async def story() -> None:
        for uid, address in (
            ("a", "sip:1@x"),
            ("b", "sip:2@x"),
            ("b", "sip:3@x"),
            ("b", "sip:3@x"),
        ):
            keeper.want(meeting(uid, address))
            await asyncio.sleep(1.0)
        assert [address for _, address in far.dialled] == ["sip:1@x", "sip:2@x", "sip:3@x"]
        assert keeper.fact.address == "sip:3@x"

    play(keeping(keeper, story))


def test_a_far_end_that_does_not_let_go_is_dropped() -> None:
    call = MemoryCall(leaves_s=3600.0)
    far = FarEnd(call)
    keeper = far.keeper()

    async def story() -> None:
        keeper.want(meeting())
        await asyncio.sleep(1.0)
        keeper.want(None)
        await asyncio.sleep(HANG_UP_S - 0.1)
        assert states(far)[-1] is CallState.CLOSING
        await asyncio.sleep(0.2)
        assert states(far)[-1] is CallState.DOWN
        assert keeper.call is None

    play(keeping(keeper, story))


def test_the_watchdog_is_fed_while_media_moves_or_there_is_none_to_move() -> None:
    keeper = FarEnd(MemoryCall()).keeper()

    async def story() -> None:
        now = asyncio.get_running_loop().time
        assert keeper.media_moves(now() + 1e6)
        keeper.want(meeting())
        await asyncio.sleep(2.0)
        assert keeper.media_moves(now() + WATCHDOG_SILENCE_S - 2.1)
        assert not keeper.media_moves(now() + WATCHDOG_SILENCE_S)
        keeper.note_media()
        assert keeper.media_moves(now() + WATCHDOG_SILENCE_S - 0.1)
        assert not keeper.media_moves(now() + WATCHDOG_SILENCE_S + 0.1)

    play(keeping(keeper, story))
