"""What each board of Raspberry Pi is able to do with this program; docs/boards.md has the evidence.

A board is known by the model that its firmware writes into the device tree. One that nobody has
heard of is taken to be able to do everything: the newest boards are the fastest.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.core.problems import Problem, ProblemKey
from hardware.vitals.identity import model
from hardware.vitals.sound import loudspeakers


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a board can do; the figures behind it are in docs/boards.md."""

    calls: bool = True
    """Fast enough to send and show pictures at once."""
    tv_sound: bool = True
    """Debian's kernel sends sound to the TV over HDMI."""


_TOO_SLOW = Abilities(calls=False)
_WITHOUT_TV_SOUND = Abilities(tv_sound=False)

_BY_MODEL = (
    # Four A53 cores: the event loop alone takes one of them, and USB is a dwc2, which costs more.
    ("Raspberry Pi 2", _TOO_SLOW),
    ("Raspberry Pi 3", _TOO_SLOW),
    ("Raspberry Pi Compute Module 3", _TOO_SLOW),
    ("Raspberry Pi Zero 2", _TOO_SLOW),
    # A BCM2712's HDMI has no `dmas` in Linux's device tree (7.3): a picture without sound. The
    # 500 begins with the same words as the 5.
    ("Raspberry Pi 5", _WITHOUT_TV_SOUND),
    ("Raspberry Pi Compute Module 5", _WITHOUT_TV_SOUND),
)


def abilities(name: str) -> Abilities:
    """Of the board with that model (``Raspberry Pi 4 Model B Rev 1.5``); all where unknown."""
    return next((can for begin, can in _BY_MODEL if name.startswith(begin)), Abilities())


def board_problems(root: Path) -> tuple[Problem, ...]:
    """What the board below `root` (``/``) cannot do, each with its model: BOARD_TOO_SLOW, and
    BOARD_SOUND while nothing is plugged in that can be heard in the TV's place. To be asked anew
    each time: a USB loudspeaker comes and goes."""
    board = model(root)
    can = abilities(board)
    found = []
    if not can.calls:
        found.append(Problem(ProblemKey.BOARD_TOO_SLOW, detail=board))
    if not can.tv_sound and not loudspeakers(root):
        found.append(Problem(ProblemKey.BOARD_SOUND, detail=board))
    return tuple(found)
