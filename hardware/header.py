"""Which GPIO chip of the kernel's has the pins of the 40-pin header.

It is the first on a Pi 3 and a Pi 4. On a Pi 5 the header hangs on another chip (RP1), which is
found after those of the SoC, so its number is what the kernel's order of drivers makes it: gpiozero
takes 4 if there is one, else 0, and 0 is the SoC's own.
"""

import re
from pathlib import Path

from hardware.vitals.sysfs import entries, word

COMPATIBLE = frozenset(
    {"brcm,bcm2835-gpio", "brcm,bcm2837-gpio", "brcm,bcm2711-gpio", "raspberrypi,rp1-gpio"}
)
"""Of the pin controllers that a header hangs on (kernel: devicetree/bindings/pinctrl)."""
_CHIP = re.compile(r"gpiochip(\d+)")


def header_chip(root: Path) -> int | None:
    """The number of ``/dev/gpiochipN``; None where no chip is known to have a header."""
    for device in entries(root / "sys/bus/gpio/devices"):
        number = _CHIP.fullmatch(device.name)
        compatible = (word(device / "of_node/compatible") or "").split("\0")
        if number and not COMPATIBLE.isdisjoint(compatible):
            return int(number[1])
    return None
