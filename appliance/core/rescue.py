"""What a box in rescue knows of itself: how often it failed to start, and why each slot did."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.message import N_

NOT_PASSED = "the gate was not passed"
"""How the reason begins that is kept of a release which missed the slot check; then comes what was
missing. Kept on the data partition, and read by the release in the other slot: never changed."""

UNDAMAGED = "nothing that was written is damaged"
"""How the reason begins that is kept of a whole release which never came to its slot check."""


class RescueProblem(StrEnum):
    """Why a release does not get there, as far as anybody can act on it."""

    SCREEN = "screen"
    SETTINGS = "settings"
    ENDPOINT = "endpoint"
    PICTURE = "picture"
    CARD = "card"
    NO_START = "no-start"
    HUNG = "hung"
    UNKNOWN = "unknown"


PROBLEM_WORDS: dict[RescueProblem, str] = {
    RescueProblem.SCREEN: N_("The screen does not run"),
    RescueProblem.SETTINGS: N_("The settings were not read"),
    RescueProblem.ENDPOINT: N_("Meeting program not running"),
    RescueProblem.PICTURE: N_("Meeting program: no picture"),
    RescueProblem.CARD: N_("The memory card is damaged"),
    RescueProblem.NO_START: N_("It does not start at all"),
    RescueProblem.HUNG: N_("It hung, or the power went"),
    RescueProblem.UNKNOWN: N_("The reason is not known"),
}
"""For who stands before the TV; the reason itself is for whom they call."""


@dataclass(frozen=True, slots=True)
class FailedSlot:
    """One slot that holds a release: which, and why it did not get there."""

    slot: str
    version: str
    problem: RescueProblem
    reason: str = ""
    """The technician's word, in English."""


@dataclass(frozen=True, slots=True)
class Rescue:
    """All that the rescue page says beside its own words; nothing is known at its very first."""

    starts: int = 0
    """In a row that did not get there; 0: not known."""
    slots: tuple[FailedSlot, ...] = ()
    serial: str = ""
    """Of the board."""
