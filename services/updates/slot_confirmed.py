"""Whether the running slot is confirmed: nothing is installed beside one that may yet fall back."""

import subprocess
import time
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

CONFIRM = "diemcau-confirm.service"
RESCUE_FLAG = Path("run/diemcau-rescue/starts")
"""Below the root. The initramfs leaves it where start after start has missed the slot check; a
release from a stick is the remedy then."""
DEADLINE_S = 1200.0
"""The endpoint may take five minutes to start, and the slot check ten from then on."""
POLL_INTERVAL_S = 5.0
SYSTEMCTL_DEADLINE_S = 30.0
STILL_OPEN = (
    f"after {DEADLINE_S / 60:.0f} minutes it is not known whether the release that runs stays;"
    " leave the stick in and switch the box off and on"
)


class Confirmation(Enum):
    """How far the slot check of the running slot is."""

    OPEN = auto()
    """Not known yet: the machine may still fall back to the other slot."""
    PASSED = auto()
    MISSED = auto()
    """And there is no slot to fall back to: the machine would have restarted."""


def ask_systemd() -> str:
    """What systemd prints of the unit that confirms the slot; "" where it cannot be asked."""
    words = ("systemctl", "show", "--property=ActiveState,NRestarts", CONFIRM)
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=SYSTEMCTL_DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def confirmation(printed: str) -> Confirmation:
    """The state that systemd's lines ``key=value`` mean (systemctl(1), show).

    "failed" alone is open: the machine may be about to restart into the other slot. Where there is
    none, the unit is started anew after a while, and systemd counts that.
    """
    values = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    if values.get("ActiveState") == "active":
        return Confirmation.PASSED
    return (
        Confirmation.MISSED if values.get("NRestarts", "0") not in ("", "0") else Confirmation.OPEN
    )


def wait_until_confirmed(
    root: Path,
    on_wait: Callable[[], None],
    *,
    ask: Callable[[], str] = ask_systemd,
    monotonic: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Why nothing may be installed; "" once the slot is good, or has missed its check for good.

    `on_wait` is called every `POLL_INTERVAL_S`: the TV shows that something goes on.
    """
    until = monotonic() + DEADLINE_S
    while not in_rescue(root) and confirmation(ask()) is Confirmation.OPEN:
        if monotonic() >= until:
            return STILL_OPEN
        on_wait()
        pause(POLL_INTERVAL_S)
    return ""


def in_rescue(root: Path) -> bool:
    """Whether this start is one in rescue."""
    return (root / RESCUE_FLAG).exists()
