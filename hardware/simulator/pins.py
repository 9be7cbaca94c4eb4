"""The simulator's hands: they press the mock pins and look at the lamp's, nothing else.

The panel that hangs on these pins is the one of the Pi; only the wire is false.
"""

import asyncio

from gpiozero.pins.mock import MockFactory, MockPWMPin

from hardware.panel import Button
from hardware.patterns import Light
from hardware.wiring import Wiring


class Simulator:
    """Fingers and eyes for the panel on a laptop.

    `pins` is a Pi's header without a Pi, for `open_board`; each simulator has its own, so several
    sites fit one process.
    """

    def __init__(self, wiring: Wiring, pins: MockFactory | None = None) -> None:
        self.pins = pins or MockFactory(pin_class=MockPWMPin)
        self._buttons = {Button.HAND: wiring.hand_button, Button.MUTE: wiring.mute_button}
        self._lamp = (wiring.lamp_red, wiring.lamp_green)
        self._active_high = wiring.lamp_active_high

    def push(self, button: Button = Button.HAND) -> None:
        """Put the finger on the button."""
        self._pin(button).drive_low()

    def let_go(self, button: Button = Button.HAND) -> None:
        """Take the finger off."""
        self._pin(button).drive_high()

    async def press(self, seconds: float, button: Button = Button.HAND) -> None:
        """Press for `seconds`; the finger comes off even when cancelled."""
        self.push(button)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.let_go(button)

    def lamp_light(self) -> Light:
        """How bright each colour is, read from the pins."""
        levels = (float(self.pins.pin(pin).state) for pin in self._lamp)
        red, green = (level if self._active_high else 1.0 - level for level in levels)
        return Light(red, green)

    def lamp_colour(self) -> str:
        """off, red, amber or green, as it looks at this instant; a pattern changes it."""
        return self.lamp_light().colour

    def _pin(self, button: Button) -> MockPWMPin:
        pin = self._buttons[button]
        if pin is None:
            raise ValueError(f"this box has no {button} button: its wiring names no pin for it")
        return self.pins.pin(pin)
