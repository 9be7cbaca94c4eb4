"""What TVs of one maker do otherwise than the rest, as data; by the identifier that they tell.

The times are those that libcec's handlers of these makers wait (its source, 2026); none of these
TVs was at hand. A TV that tells no maker, or one that is not here, has `ORDINARY`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """How to go about one maker's TVs; seconds."""

    settle_s: float = 3.0
    """From "on" until it can be told what to show; a slow TV passes over what comes sooner."""
    reassert_s: float = 15.0
    """So long after "on" it may go to its own last input by itself; after that it was a hand."""
    again_s: float = 5.0
    """Image View On is said again so often while it says that it still sleeps."""


ORDINARY = Quirks()
LG, PANASONIC, PHILIPS = 0x00E091, 0x008045, 0x00903E
BY_MAKER: Mapping[int, Quirks] = {
    LG: Quirks(reassert_s=30.0),  # goes by its own routing for half a minute after power-on
    PANASONIC: Quirks(settle_s=4.0, reassert_s=20.0),  # takes no input for three seconds
    PHILIPS: Quirks(again_s=4.0),  # passes over Image View On at times
}
"""IEEE identifiers (CEC's *Device Vendor ID*)."""


def quirks_of(vendor: int | None) -> Quirks:
    """Those of that maker."""
    return ORDINARY if vendor is None else BY_MAKER.get(vendor, ORDINARY)
