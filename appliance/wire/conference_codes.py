"""The ID and PIN of a meeting's conference at a conference system (MCU), which asks for them.

Many meetings share one address there, an *entry queue*; a voice asks for the conference's ID and,
where it has one, its PIN. Two properties of the event reach a site with its feed (docs/wire.md):

* ``X-DIEMCAU-CONFERENCE-ID``: digits, on a Polycom RMX four to eight of them by default;
* ``X-DIEMCAU-CONFERENCE-PIN``: digits, a secret.

An older box ignores both.
"""

import re
from dataclasses import dataclass, field

CONFERENCE_ID = "X-DIEMCAU-CONFERENCE-ID"
CONFERENCE_PIN = "X-DIEMCAU-CONFERENCE-PIN"
MAX_DIGITS = 16
"""Of either; they are pressed as keys, and no conference system has longer ones."""
DIGITS = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class ConferenceCodes:
    """What a conference system asks for; ``pin`` is "" where the conference has none."""

    number: str
    pin: str = field(default="", repr=False)


def conference_codes(number: str, pin: str) -> ConferenceCodes | None:
    """The codes that an event gives; what is no run of digits counts as not there.

    None without an ID: a PIN alone opens nothing.
    """
    number, pin = number.strip(), pin.strip()
    if not DIGITS.fullmatch(number):
        return None
    return ConferenceCodes(number, pin if DIGITS.fullmatch(pin) else "")
