"""RAUC with a budget of bytes: what its unit has received is counted by systemd, and bounded.

A stream that breaks off is asked for again, and an index that does not fit fetches the whole image:
over a line that a commune shares with its meeting, somebody has to say how much is enough.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

UNIT = "rauc.service"
PERIOD_S = 1.0
ASKING_S = 30.0
PROPERTIES = ("MainPID", "IPIngressBytes")
UNCOUNTED = 2**64 - 1
"""systemd's word for a unit that does not run or is not counted (org.freedesktop.systemd1(5))."""


@dataclass(frozen=True, slots=True)
class Unit:
    """RAUC's service as systemd sees it; 0 for what is not known."""

    main: int
    received: int
    """Bytes of IP packets since the unit has started, headers included: what the line carried."""


@dataclass(frozen=True, slots=True)
class Done:
    """How RAUC ended: its exit code, all that it said, and the bytes that it received."""

    code: int
    said: str
    received: int


def metered(
    words: Sequence[str],
    most: int,
    deadline_s: float,
    *,
    ask: Callable[[], Unit] | None = None,
    period_s: float = PERIOD_S,
) -> Done:
    """RAUC's client with `words`, until it ends, `most` bytes have come or `deadline_s` is over.

    In the last two cases the fetching process is ended. RAUC takes that for a line that is gone
    and cleans up after itself; the slot that runs is untouched.
    """
    ask = ask or unit
    until = time.monotonic() + deadline_s
    before, why, received = ask().received, "", 0
    client = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while True:
        try:
            said, _ = client.communicate(timeout=period_s)
        except subprocess.TimeoutExpired:
            said = None
        now = ask()
        # A unit that has been started anew counts from nothing.
        received = max(received, now.received - (before if now.received >= before else 0))
        if said is not None:
            break
        if not why and received > most:
            why = f"more than the budget of {most} bytes has come"
        if not why and time.monotonic() > until:
            why = f"not done within {deadline_s:.0f} s"
        if why:
            end_stream(now.main)
    return Done(client.returncode, f"{said}LastError: {why}\n" if why else said, received)


def unit() -> Unit:
    """Asks systemd; of a unit that does not run nothing is known."""
    asked = ("systemctl", "show", UNIT, *(f"--property={name}" for name in PROPERTIES))
    done = subprocess.run(asked, capture_output=True, text=True, timeout=ASKING_S, check=False)
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    values = {name: int(value) for name, _, value in pairs if value.isdigit()}
    received = values.get("IPIngressBytes", 0)
    return Unit(values.get("MainPID", 0), 0 if received == UNCOUNTED else received)


def end_stream(main: int, proc: Path = Path("/proc")) -> None:
    """End the children of RAUC's `main` process: the one that fetches has no other neighbour."""
    with contextlib.suppress(OSError):  # it has ended by itself
        # RAUC installs in a thread of its own, whose children the main thread's list does not have.
        for children in (proc / str(main) / "task").glob("*/children"):
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
