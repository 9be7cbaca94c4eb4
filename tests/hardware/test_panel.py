"""The panel under bad luck: a loop that is busy, a line that chatters, nobody who asks."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from appliance.core.floor_control import Lamp
from hardware.board import open_board
from hardware.gestures import Gesture
from hardware.panel import MAX_EVENTS, Button, Event, Panel
from hardware.simulator.pins import Simulator
from hardware.wiring import ONE_BUTTON
from tests.fast_loop import play

SHORT = Event(Button.HAND, Gesture.SHORT)


@contextmanager
def box(clock: Callable[[], float] = time.monotonic) -> Iterator[tuple[Panel, Simulator]]:
    hands = Simulator(ONE_BUTTON)
    with open_board(pins=hands.pins, clock=clock) as board:
        yield board.panel, hands


async def test_a_press_during_which_the_loop_was_busy_is_as_long_as_it_was() -> None:
    with box() as (panel, hands):

        def finger() -> None:
            hands.push()
            time.sleep(0.1)
            hands.let_go()
            time.sleep(0.1)

        runs = asyncio.create_task(panel.run())
        await asyncio.sleep(0)
        thread = threading.Thread(target=finger)
        thread.start()
        thread.join()  # the loop stands still for the whole press
        async with asyncio.timeout(5):
            assert await panel.event() == SHORT
        runs.cancel()


class LateFactory(MockFactory):  # type: ignore[misc]
    """Pins whose edges reach Python `late` seconds after they happened."""

    late = 0.0

    def ticks(self) -> float:
        return time.monotonic() + self.late


@pytest.mark.parametrize(("late", "heard"), [(0.1, [SHORT]), (0.0, []), (1.7e9, [])])
def test_an_edge_counts_from_when_it_happened(late: float, heard: list[Event]) -> None:
    """Both edges arrive at once; the first one was `late`, by another clock if it is very late."""

    async def story() -> list[Event]:
        pins = LateFactory(pin_class=MockPWMPin)
        hands = Simulator(ONE_BUTTON, pins)
        panel = Panel(ONE_BUTTON, pins, asyncio.get_running_loop().time)
        runs = asyncio.create_task(panel.run())
        await asyncio.sleep(1)
        pins.late = late
        hands.push()
        pins.late = 0.0
        hands.let_go()
        try:
            async with asyncio.timeout(1):
                return [await panel.event()]
        except TimeoutError:
            return []
        finally:
            runs.cancel()
            panel.close()

    assert play(story()) == heard


async def test_a_press_before_anybody_runs_the_panel_is_not_lost() -> None:
    with box() as (panel, hands):
        await hands.press(0.1)
        runs = asyncio.create_task(panel.run())
        async with asyncio.timeout(5):
            assert await panel.event() == SHORT
        runs.cancel()


async def test_a_line_that_chatters_wakes_the_loop_and_ends_at_its_level() -> None:
    with box() as (panel, hands):
        runs = asyncio.create_task(panel.run())
        await asyncio.sleep(0)
        for _ in range(5000):
            hands.push()
            hands.let_go()
        await asyncio.sleep(0.1)
        await hands.press(0.1)
        async with asyncio.timeout(5):
            assert await panel.event() == SHORT
        runs.cancel()


def test_gestures_that_nobody_asks_for_do_not_pile_up() -> None:
    async def story() -> int:
        loop = asyncio.get_running_loop()
        with box(loop.time) as (panel, hands):
            runs = asyncio.create_task(panel.run())
            for _ in range(2 * MAX_EVENTS):
                await hands.press(0.1)
                await asyncio.sleep(0.1)
            runs.cancel()
            count = 0
            while True:
                try:
                    async with asyncio.timeout(1):
                        await panel.event()
                except TimeoutError:
                    return count
                count += 1

    assert play(story()) == MAX_EVENTS


def test_closing_puts_the_lamp_out() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        hands = Simulator(ONE_BUTTON)
        panel = open_board(pins=hands.pins, clock=loop.time).panel
        runs = asyncio.create_task(panel.run())
        panel.show(Lamp.GREEN)
        await asyncio.sleep(0.1)
        assert hands.lamp_colour() == "green"
        runs.cancel()
        panel.close()
        assert hands.lamp_colour() == "off"

    play(story())


def test_a_box_with_one_button_has_no_second_one_to_press() -> None:
    with box() as (_, hands), pytest.raises(ValueError, match="no mute button"):
        hands.push(Button.MUTE)
