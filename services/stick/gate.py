"""Waits until the running slot is judged: nothing is installed beside one that may fall back."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

CONFIRM = "diemcau-confirm.service"
RESCUE = Path("run/diemcau-rescue/starts")
"""The initramfs leaves it where start after start has missed the gate: a stick is the remedy."""
PATIENCE_S = 660.0
"""The gate is missed after ten minutes; the machine may restart then, and ends this, too."""
PERIOD_S = 5.0
ASKING_S = 30.0
OPEN = ("inactive", "activating")


def state() -> str:
    """systemd's word on the confirmation of the slot; "" where it cannot be asked."""
    words = ("systemctl", "show", "--property=ActiveState", "--value", CONFIRM)
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=ASKING_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def wait(
    root: Path,
    again: Callable[[], None],
    *,
    ask: Callable[[], str] = state,
    monotonic: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Returns once the slot is good, the gate is known to be missed, or the patience is over.

    `again` is called all the while: people see that something goes on.
    """
    until = monotonic() + PATIENCE_S
    while not (root / RESCUE).exists() and ask() in OPEN and monotonic() < until:
        again()
        pause(PERIOD_S)
