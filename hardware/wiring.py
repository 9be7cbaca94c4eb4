"""Which pin of the Pi's header goes where; parts/README.md says it for the one who solders."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wiring:
    """BCM numbers. A button connects its pin to ground; a lamp is two colours, red and green.

    GPIO 2, 3 (I2C), 14, 15 (console), 18 to 21 (sound cards) and 0, 1 (HAT EEPROM) stay free.
    """

    hand_button: int = 17
    mute_button: int | None = None  # the optional second button; 27 on the parts list
    lamp_red: int = 23
    lamp_green: int = 24
    lamp_active_high: bool = True  # False for a lamp with a common anode


ONE_BUTTON = Wiring()
TWO_BUTTONS = Wiring(mute_button=27)
