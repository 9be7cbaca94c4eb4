"""Waits until the running slot is judged: nothing is installed beside one that may fall back."""

import subprocess
import time
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

CONFIRM = "diemcau-confirm.service"
RESCUE = Path("run/diemcau-rescue/starts")
"""The initramfs leaves it where start after start has missed the gate: a stick is the remedy."""
PATIENCE_S = 1200.0
"""The endpoint may take five minutes to start, and the gate ten from then on; and a little."""
PERIOD_S = 5.0
ASKING_S = 30.0
STILL_OPEN = (
    f"after {PATIENCE_S / 60:.0f} minutes it is not known whether the release that runs stays;"
    " leave the stick in and switch the box off and on"
)


class SlotVerdict(Enum):
    """What is known of the running slot."""

    OPEN = auto()
    """Nothing yet: the other slot may be the one to fall back to."""
    PASSED = auto()
    MISSED = auto()
    """And nowhere to fall: the machine would have restarted."""


def state() -> str:
    """systemd's words on the confirmation of the slot; "" where it cannot be asked."""
    words = ("systemctl", "show", "--property=ActiveState,NRestarts", CONFIRM)
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=ASKING_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def judge(said: str) -> SlotVerdict:
    """What systemd's words (lines of ``key=value``) mean.

    "failed" alone is open: it stands for the moment in which the machine restarts into the other
    slot. Where there is none the unit is started anew after a while, and that is counted.
    """
    values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if values.get("ActiveState") == "active":
        return SlotVerdict.PASSED
    return SlotVerdict.MISSED if values.get("NRestarts", "0") not in ("", "0") else SlotVerdict.OPEN


def wait(
    root: Path,
    again: Callable[[], None],
    *,
    ask: Callable[[], str] = state,
    monotonic: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Why nothing may be installed; "" once the slot is good, or the gate is known to be missed.

    `again` is called all the while: people see that something goes on.
    """
    until = monotonic() + PATIENCE_S
    while not in_rescue(root) and judge(ask()) is SlotVerdict.OPEN:
        if monotonic() >= until:
            return STILL_OPEN
        again()
        pause(PERIOD_S)
    return ""


def in_rescue(root: Path) -> bool:
    """Whether this start is one in rescue."""
    return (root / RESCUE).exists()
