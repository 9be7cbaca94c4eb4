"""Buttons and lamp: from the pin's edge to a gesture, and from what is to be told to a light.

gpiozero calls from a thread of its own. All that happens there is to note the edge with its time in
a bounded queue and to wake the loop once; the gestures (`gestures.py`) and the lamp's steps
(`patterns.py`) have one owner of time, `Panel.run`. Edges carry the kernel's time, so that a loop
that was busy for a while still sees a press as long as it was, and not as a glitch.

On a Pi, lgpio makes a FIFO `.lgd-nfy0` in the directory that `LG_WD` names (else the current one,
which is read-only there) **and changes the working directory to it**: the unit sets
`LG_WD=/run/diemcau`, which tmpfiles.d makes, and no path in this program is relative.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gpiozero import PWMLED, Factory, InputDevice

from appliance.core.by_hand import Touch
from appliance.core.floor_control import Lamp, Press
from hardware.gestures import Gesture, Gestures
from hardware.patterns import Light, light_at
from hardware.wiring import Wiring

MAX_EDGES = 256
"""Edges kept until the loop runs: a bouncing press makes some twenty; the oldest are dropped, and
the level that is read at each step puts right what was lost."""

MAX_EVENTS = 16
"""Gestures kept until somebody asks; more means that nobody does, and the newest are dropped."""

POLL_INTERVAL_S = 1.0
"""The level is read this often even when no edge came: an edge that the kernel lost heals."""

MIN_WAIT_S = 0.001
"""No wait is shorter: a rest that rounding left over would make the loop spin."""

MAX_EDGE_AGE_S = 5.0
"""An edge that claims to be older bears another clock's time (kernels before 5.7): it is now."""


class Button(StrEnum):
    """Which button."""

    HAND = "hand"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class Event:
    """What was done to which button."""

    button: Button
    gesture: Gesture

    @property
    def press(self) -> Press | None:
        """The press that people meant, where it was one; what follows a LONG is none."""
        return _PRESSES.get(self.gesture)

    @property
    def touch(self) -> Touch | None:
        """The same and what follows a long one, for the gesture that leaves a meeting."""
        return _TOUCHES.get(self.gesture)


_PRESSES = {Gesture.SHORT: Press.SHORT, Gesture.LONG: Press.LONG}
_TOUCHES = {
    Gesture.SHORT: Touch.SHORT,
    Gesture.LONG: Touch.LONG,
    Gesture.HELD: Touch.HELD,
    Gesture.RELEASED: Touch.RELEASED,
    Gesture.STUCK: Touch.STUCK,
}


class _Contact:
    """One button's pin, and the edges that wait for the loop."""

    def __init__(
        self, pin: int, factory: Factory, clock: Callable[[], float], wake: Callable[[], None]
    ) -> None:
        self._factory, self._clock, self._wake = factory, clock, wake
        self._edges: deque[tuple[float, bool]] = deque(maxlen=MAX_EDGES)
        self._device = InputDevice(pin, pull_up=True, pin_factory=factory)
        self._device.pin.edges = "both"
        self._device.pin.when_changed = self._changed
        self.gestures = Gestures(clock(), self._pressed())

    def gestures_until_now(self) -> list[Gesture]:
        """All gestures up to now; the pin's own level has the last word."""
        done: list[Gesture] = []
        while self._edges:
            at, pressed = self._edges.popleft()
            done += self.gestures.edge(at, pressed)
        return done + self.gestures.edge(self._clock(), self._pressed())

    def close(self) -> None:
        self._device.close()

    def _pressed(self) -> bool:
        return bool(self._device.is_active)

    def _changed(self, ticks: float, level: int) -> None:
        """Called by gpiozero, in its thread; the level is low while the button is pressed."""
        age = self._factory.ticks_diff(self._factory.ticks(), ticks)
        if not 0.0 <= age <= MAX_EDGE_AGE_S:
            age = 0.0
        self._edges.append((self._clock() - age, not level))
        self._wake()


class Panel:
    """The box's buttons and lamp. `run` must be running; `close` puts the lamp out."""

    def __init__(
        self, wiring: Wiring, factory: Factory, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` must run as the time of the loop that runs the panel does."""
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken_event = asyncio.Event()
        self._woken = False
        self._events: asyncio.Queue[Event] = asyncio.Queue(MAX_EVENTS)
        self._lamp, self._lamp_at = Lamp.OFF, clock()
        self._light = Light()
        self._red, self._green = (
            PWMLED(pin, active_high=wiring.lamp_active_high, pin_factory=factory)
            for pin in (wiring.lamp_red, wiring.lamp_green)
        )
        pins = {Button.HAND: wiring.hand_button, Button.MUTE: wiring.mute_button}
        self._contacts = {
            button: _Contact(pin, factory, clock, self._wake)
            for button, pin in pins.items()
            if pin is not None
        }

    async def run(self) -> None:
        """Own the panel's time until cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._woken = False
                self._woken_event.clear()
                await self._sleep(self._step())
        finally:
            self._loop = None

    async def event(self) -> Event:
        """Wait for the next thing that is done to a button."""
        return await self._events.get()

    def show(self, lamp: Lamp) -> None:
        """Let the lamp tell this; saying it twice does not disturb its rhythm."""
        if lamp is not self._lamp:
            self._lamp, self._lamp_at = lamp, self._clock()
            self._woken_event.set()

    @property
    def stuck(self) -> frozenset[Button]:
        """The buttons that are ignored since they have been pressed for too long: a problem."""
        return frozenset(b for b, contact in self._contacts.items() if contact.gestures.stuck)

    def close(self) -> None:
        """Let go of the pins; the lamp goes out."""
        for contact in self._contacts.values():
            contact.close()
        self._red.close()
        self._green.close()

    def _step(self) -> float:
        """Do what is due; say for how many seconds there is nothing to do."""
        waits = [POLL_INTERVAL_S]
        for button, contact in self._contacts.items():
            for gesture in contact.gestures_until_now():
                if not self._events.full():
                    self._events.put_nowait(Event(button, gesture))
            if (due := contact.gestures.due) is not None:
                waits.append(due - self._clock())
        light, left = light_at(self._lamp, self._clock() - self._lamp_at)
        if left is not None:
            waits.append(left)
        self._shine(light)
        return max(MIN_WAIT_S, min(waits))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken_event.wait()
        except TimeoutError:
            return

    def _shine(self, light: Light) -> None:
        if light != self._light:
            self._red.value, self._green.value = light.red, light.green
            self._light = light

    def _wake(self) -> None:
        """From any thread: one wake-up for a burst of edges, however many they are."""
        loop = self._loop
        if self._woken or loop is None:
            return
        self._woken = True
        try:
            loop.call_soon_threadsafe(self._woken_event.set)
        except RuntimeError:  # the loop closed in this very moment; nobody is left to be told
            self._woken = False
