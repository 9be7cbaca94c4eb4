"""The hand-and-mute table from the button's pin to the lamp's pins, and nothing false between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings

from appliance.core import floor_control as rules
from appliance.core.decision import Phase
from appliance.core.floor_control import Effect, Floor, Lamp
from hardware.board import Board, open_board
from hardware.gestures import Gesture
from hardware.panel import Button, Event
from hardware.simulator.pins import Simulator
from hardware.wiring import ONE_BUTTON, TWO_BUTTONS, Wiring
from tests.fast_loop import play
from tests.hardware.trains import Train, trains

SHORT_S, LONG_S = 0.2, 1.7


@dataclass
class Box:
    """A board with the floor behind it, as the conductor puts them together."""

    board: Board
    hands: Simulator
    phase: Phase = Phase.IDLE
    free: bool = False
    floor: Floor = field(default_factory=Floor)
    effects: list[Effect] = field(default_factory=list)

    async def listen(self) -> None:
        while True:
            event = await self.board.panel.event()
            if event.press is None:
                continue
            if event.button is Button.HAND:
                done = rules.press(self.floor, event.press, phase=self.phase, free=self.free)
            else:
                done = rules.mute(self.floor, phase=self.phase, free=self.free)
            self.effects += [done.effect] if done.effect else []
            self.become(done.floor)

    def become(self, floor: Floor) -> None:
        self.floor = floor
        self.board.panel.show(rules.lamp(floor, self.phase))

    def go(self, phase: Phase) -> None:
        self.phase = phase
        self.become(rules.within(self.floor, phase))

    async def press(self, seconds: float, button: Button = Button.HAND) -> None:
        await self.hands.press(seconds, button)
        await asyncio.sleep(0.2)

    async def seen(self) -> Lamp:
        """What a person who watches the lamp for six seconds says that it tells."""
        shone = []
        for _ in range(600):
            await asyncio.sleep(0.01)
            shone.append(self.hands.lamp_light())
        colours = {light.colour for light in shone}
        if len(colours) == 1:
            return Lamp(colours.pop())
        if "amber" in colours:
            turns = sum(a.colour != b.colour for a, b in pairwise(shone))
            return Lamp.YOURS if turns > 24 else Lamp.AMBER_BLINK
        assert colours == {"red", "off"}
        gradual = len({light.red for light in shone}) > 2
        return Lamp.NEAR if gradual else Lamp.FAILED


@asynccontextmanager
async def box(wiring: Wiring = ONE_BUTTON) -> AsyncIterator[Box]:
    loop = asyncio.get_running_loop()
    hands = Simulator(wiring)
    with open_board(wiring, pins=hands.pins, clock=loop.time) as board:
        it = Box(board, hands)
        tasks = [asyncio.create_task(board.panel.run()), asyncio.create_task(it.listen())]
        try:
            yield it
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def test_no_meeting() -> None:
    async def story() -> None:
        async with box() as it:
            assert await it.seen() is Lamp.OFF
            await it.press(SHORT_S)
            assert it.effects == [Effect.SHOW_STATUS]
            await it.press(LONG_S)
            assert it.effects == [Effect.SHOW_STATUS, Effect.SELF_TEST]
            it.go(Phase.UPCOMING)
            assert await it.seen() is Lamp.NEAR

    play(story())


def test_the_hand_goes_up_is_seen_and_goes_down() -> None:
    async def story() -> None:
        async with box() as it:
            it.go(Phase.IN_MEETING)
            assert await it.seen() is Lamp.RED
            await it.press(SHORT_S)
            assert it.floor == Floor(hand=True)
            assert await it.seen() is Lamp.AMBER_BLINK
            it.become(rules.confirm(it.floor, True))
            assert await it.seen() is Lamp.AMBER
            await it.press(SHORT_S)
            assert await it.seen() is Lamp.AMBER  # the far end still sees it
            it.become(rules.confirm(it.floor, False))
            assert await it.seen() is Lamp.RED
            assert not it.effects

    play(story())


def test_a_hand_that_nobody_saw_has_failed_and_can_be_raised_again() -> None:
    async def story() -> None:
        async with box() as it:
            it.go(Phase.IN_MEETING)
            await it.press(SHORT_S)
            it.become(rules.fail(it.floor))
            assert await it.seen() is Lamp.FAILED
            await it.press(SHORT_S)
            assert await it.seen() is Lamp.AMBER_BLINK

    play(story())


def test_the_floor_is_given_used_and_given_back() -> None:
    async def story() -> None:
        async with box() as it:
            it.go(Phase.IN_MEETING)
            await it.press(SHORT_S)
            it.become(rules.hear(it.floor, confirmed=True, given=True))
            assert await it.seen() is Lamp.YOURS
            assert not it.floor.mic
            await it.press(SHORT_S)
            assert await it.seen() is Lamp.GREEN
            await it.press(SHORT_S)
            assert await it.seen() is not Lamp.GREEN
            await it.press(SHORT_S)
            assert await it.seen() is Lamp.GREEN
            await it.press(LONG_S)
            assert it.effects == [Effect.GIVE_BACK]
            it.become(rules.hear(it.floor, confirmed=False, given=False))
            assert await it.seen() is Lamp.RED

    play(story())


def test_the_chair_takes_the_floor_and_the_microphone_closes() -> None:
    async def story() -> None:
        async with box() as it:
            it.go(Phase.IN_MEETING)
            it.become(rules.give(it.floor))
            await it.press(SHORT_S)
            assert await it.seen() is Lamp.GREEN
            it.become(rules.hear(it.floor, confirmed=False, given=False))
            assert await it.seen() is Lamp.RED

    play(story())


@pytest.mark.parametrize(("free", "lamp"), [(True, Lamp.GREEN), (False, Lamp.RED)])
def test_a_long_press_speaks_only_where_sites_speak_freely(free: bool, lamp: Lamp) -> None:
    async def story() -> None:
        async with box() as it:
            it.free = free
            it.go(Phase.IN_MEETING)
            await it.press(LONG_S)
            assert await it.seen() is lamp
            assert it.effects == ([] if free else [Effect.REFUSED])
            await it.press(LONG_S)
            assert await it.seen() is Lamp.RED

    play(story())


def test_a_call_that_drops_keeps_the_hand_and_the_end_switches_all_off() -> None:
    async def story() -> None:
        async with box() as it:
            it.go(Phase.IN_MEETING)
            await it.press(SHORT_S)
            it.become(rules.confirm(it.floor, True))
            it.go(Phase.REJOINING)
            assert await it.seen() is Lamp.AMBER_BLINK
            it.go(Phase.LEAVING)
            assert await it.seen() is Lamp.OFF
            assert it.floor == Floor()

    play(story())


def test_the_second_button_mutes() -> None:
    async def story() -> None:
        async with box(TWO_BUTTONS) as it:
            it.free = True
            it.go(Phase.IN_MEETING)
            await it.press(SHORT_S, Button.MUTE)
            assert await it.seen() is Lamp.GREEN
            await it.press(LONG_S, Button.MUTE)
            assert await it.seen() is Lamp.RED

    play(story())


def test_a_lamp_with_a_common_anode_shines_the_same() -> None:
    async def story() -> None:
        async with box(Wiring(lamp_active_high=False)) as it:
            assert await it.seen() is Lamp.OFF
            it.go(Phase.IN_MEETING)
            assert await it.seen() is Lamp.RED

    play(story())


def test_a_stuck_button_is_a_problem_until_it_is_released() -> None:
    async def story() -> None:
        async with box() as it:
            it.hands.push()
            await asyncio.sleep(31)
            assert it.board.panel.stuck == {Button.HAND}
            it.hands.let_go()
            await asyncio.sleep(0.2)
            assert not it.board.panel.stuck
            assert it.effects == [Effect.SELF_TEST]

    play(story())


async def heard(train: Train) -> list[Event]:
    loop = asyncio.get_running_loop()
    events: list[Event] = []
    hands = Simulator(ONE_BUTTON)
    with open_board(pins=hands.pins, clock=loop.time) as board:

        async def listen() -> None:
            while True:
                events.append(await board.panel.event())

        tasks = [asyncio.create_task(board.panel.run()), asyncio.create_task(listen())]
        begin = loop.time()
        for at, pressed in train.edges:
            await asyncio.sleep(begin + at - loop.time())
            if pressed:
                hands.push()
            else:
                hands.let_go()
        await asyncio.sleep(begin + train.end - loop.time())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return events


@settings(max_examples=60, deadline=None)
@given(trains(longest=35.0, presses=4))
def test_from_the_pin_no_press_is_lost_and_none_is_doubled(train: Train) -> None:
    events = play(heard(train))
    assert [event.gesture for event in events] == train.meant
    assert {event.button for event in events} <= {Button.HAND}
    assert all(
        (event.press is None) == (event.gesture not in (Gesture.SHORT, Gesture.LONG))
        for event in events
    )
