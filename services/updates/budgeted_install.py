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
FETCHING = b"/proc/self/exe\0"
"""How RAUC starts the process that fetches (its src/nbd.c); its handlers are children, too."""
GRACE_S = 60.0


@dataclass(frozen=True, slots=True)
class Unit:
    """RAUC's service as systemd sees it."""

    main: int
    """Its process; 0 while it does not run."""
    received: int | None
    """Bytes of IP packets since the unit has started, headers included: what the line carried.
    None where they are not counted."""


@dataclass(frozen=True, slots=True)
class Done:
    """How RAUC ended: its exit code, all that it said, and the bytes that it received."""

    code: int
    said: str
    received: int


def metered(
    words: Sequence[str],
    most: int | None,
    deadline_s: float,
    *,
    ask: Callable[[], Unit | None] | None = None,
    period_s: float = PERIOD_S,
) -> Done:
    """RAUC's client with `words`, until it ends, `most` bytes have come or `deadline_s` is over.

    In the last two cases the fetching process is ended. RAUC takes that for a line that is gone
    and cleans up after itself; the slot that runs is untouched. `most` is None for a file, which
    comes over no line. `ask` gives None where systemd does not answer: what was known stays.
    """
    ask = ask or unit
    until = time.monotonic() + deadline_s
    first = ask()
    before, why, received = (first.received or 0) if first else 0, "", 0
    client = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while True:
        try:
            said, _ = client.communicate(timeout=period_s)
        except subprocess.TimeoutExpired:
            said = None
        now = ask()
        if now is not None and now.received is not None:
            # A unit that has been started anew counts from nothing.
            received = max(received, now.received - (before if now.received >= before else 0))
        if said is not None:
            return Done(client.returncode, f"{said}LastError: {why}\n" if why else said, received)
        why = why or _too_much(now, received, most) or _too_long(until, deadline_s)
        if why and now is not None:
            end_stream(now.main)
        if why and time.monotonic() > until + GRACE_S:
            client.terminate()


def _too_much(now: Unit | None, received: int, most: int | None) -> str:
    if most is None:
        return ""
    if now is not None and now.main and now.received is None:
        return "what comes over the line is not counted, so that no budget can be kept"
    return f"more than the budget of {most} bytes has come" if received > most else ""


def _too_long(until: float, deadline_s: float) -> str:
    return f"not done within {deadline_s:.0f} s" if time.monotonic() > until else ""


def unit() -> Unit | None:
    """Asks systemd; None where it does not answer."""
    asked = ("systemctl", "show", UNIT, *(f"--property={name}" for name in PROPERTIES))
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=ASKING_S, check=True)
    except (subprocess.SubprocessError, OSError):
        return None
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    values = {name: int(value) for name, _, value in pairs if value.isdigit()}
    received = values.get("IPIngressBytes", UNCOUNTED)
    return Unit(values.get("MainPID", 0), None if received == UNCOUNTED else received)


def end_stream(main: int, proc: Path = Path("/proc")) -> None:
    """End the child of RAUC's `main` process that fetches; where there is none, nothing."""
    # RAUC installs in a thread of its own, whose children the main thread's list does not have.
    for children in (proc / str(main) / "task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has ended by itself
            for child in children.read_text().split():
                if (proc / child / "cmdline").read_bytes().startswith(FETCHING):
                    os.kill(int(child), signal.SIGKILL)
