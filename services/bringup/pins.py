"""The button as debugfs tells it: the endpoint holds the pin, and this only looks."""

import re
from pathlib import Path

from hardware.gestures import Gestures
from hardware.vitals.sysfs import word
from hardware.wiring import ONE_BUTTON

DEBUG = "sys/kernel/debug/gpio"


def pressed(listing: str, pin: int = ONE_BUTTON.hand_button) -> bool | None:
    """Whether the button pulls its pin to ground; None while nobody holds the pin as an input.

    `listing` is debugfs' ``gpio`` (kernel: drivers/gpio/gpiolib.c), whose lines are of the form
    ``gpio-529 (GPIO17 |lg ) in  hi``; the level is the wire's own.
    """
    found = re.search(rf"\(GPIO{pin}\s*\|[^)]*\)\s+in\s+(hi|lo)\b", listing)
    return None if found is None else found[1] == "lo"


class Button:
    """Makes gestures of what is read some ten times a second."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._gestures: Gestures | None = None

    def look(self, now: float) -> list[str]:
        """What the finger did since the last look; `now` in seconds of a clock that never jumps."""
        level = pressed(word(self._root / DEBUG) or "")
        if level is None:
            self._gestures = None
            return []
        if self._gestures is None:
            self._gestures = Gestures(now, level)
            return []
        return [gesture.value for gesture in self._gestures.edge(now, level)]
