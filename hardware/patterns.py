"""How each lamp looks: steps of light, as data."""

from dataclasses import dataclass
from math import cos, tau

from appliance.core.floor_control import Lamp


@dataclass(frozen=True, slots=True)
class Light:
    """How bright each colour of the lamp is, 0 to 1."""

    red: float = 0.0
    green: float = 0.0

    @property
    def colour(self) -> str:
        """What a person would call it."""
        names = {
            (False, False): "off",
            (True, False): "red",
            (False, True): "green",
            (True, True): "amber",
        }
        return names[self.red > 0, self.green > 0]


DARK = Light()
RED = Light(red=1.0)
GREEN = Light(green=1.0)
AMBER = Light(red=1.0, green=0.4)  # green looks brighter than red at the same current

_PULSE_STEPS = 60
_PULSE = tuple(
    (0.05, Light(red=round(0.5 - 0.5 * cos(tau * step / _PULSE_STEPS), 3)))
    for step in range(_PULSE_STEPS)
)

PATTERNS: dict[Lamp, tuple[tuple[float, Light], ...]] = {
    # (seconds, light), over and over; one step only: steady
    Lamp.OFF: ((1.0, DARK),),
    Lamp.NEAR: _PULSE,
    Lamp.RED: ((1.0, RED),),
    Lamp.AMBER_BLINK: ((0.5, AMBER), (0.5, DARK)),
    Lamp.AMBER: ((1.0, AMBER),),
    Lamp.YOURS: ((0.12, AMBER), (0.12, DARK)),  # green means "on air" and nothing else
    Lamp.GREEN: ((1.0, GREEN),),
    Lamp.FAILED: ((0.15, RED), (0.15, DARK), (0.15, RED), (0.75, DARK)),
    Lamp.TV_DARK: ((0.5, RED), (0.5, AMBER)),  # never dark: it stands for a TV that is
}


def light_at(lamp: Lamp, since: float) -> tuple[Light, float | None]:
    """The light `since` seconds after the lamp was set, and for how long yet; None: for ever."""
    steps = PATTERNS[lamp]
    if len(steps) == 1:
        return steps[0][1], None
    left = max(since, 0.0) % sum(seconds for seconds, _ in steps)
    for seconds, light in steps:
        if left < seconds:
            return light, seconds - left
        left -= seconds
    return steps[0][1], steps[0][0]  # rounding put us at the very end of the last step
