"""Runs RAUC's client within bounds: bytes over the line, time, and whatever else says stop.

A stream that breaks off is asked for again, and an index that does not fit fetches the whole image:
over a line that a commune shares with its meeting, somebody has to say how much is enough. systemd
counts what RAUC's unit receives.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

UNIT = "rauc.service"
POLL_INTERVAL_S = 1.0
"""How often systemd's count is read."""
WHY_STOP_INTERVAL_S = 5.0
"""How often it is asked whether the install may go on."""
SYSTEMCTL_DEADLINE_S = 30.0
PROPERTIES = ("MainPID", "IPIngressBytes")
UNCOUNTED = 2**64 - 1
"""systemd's word for a unit that does not run or is not counted (org.freedesktop.systemd1(5))."""
STREAMER = b"/proc/self/exe\0"
"""How RAUC starts the process that fetches (its src/nbd.c); its handlers are children, too."""
GRACE_S = 60.0
"""RAUC takes seconds to clean up after a stop; after this its service is ended, and its client."""


class Stop(Enum):
    """Which bound an install ran into."""

    BYTES = auto()
    DEADLINE = auto()
    WINDOW = auto()
    """`why_stop` gave a reason."""


@dataclass(frozen=True, slots=True)
class Unit:
    """RAUC's service as systemd sees it."""

    main: int
    """Its process; 0 while it does not run."""
    received: int | None
    """Bytes of IP packets since the unit has started, headers included: what the line carried.
    None where they are not counted."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How RAUC's client ended."""

    code: int
    output: str
    """All that it printed, and, where it was stopped, the reason in a line of the same form."""
    received: int
    """In bytes."""
    stop: Stop | None = None
    """None where RAUC came to its own end."""


def run_rauc(
    words: Sequence[str],
    max_bytes: int | None,
    deadline_s: float,
    *,
    why_stop: Callable[[], str] = str,
    ask: Callable[[], Unit | None] | None = None,
    period_s: float = POLL_INTERVAL_S,
    why_stop_s: float = WHY_STOP_INTERVAL_S,
) -> Finished:
    """Run RAUC's client with `words` until it ends, or until a bound is reached and RAUC stopped.

    The bounds are `max_bytes` that have come (None for a file, which comes over no line),
    `deadline_s`, and `why_stop`, which is asked every `why_stop_s` and gives a reason or "". `ask`
    gives RAUC's unit, None where systemd does not answer: what was known stays.

    A stream is stopped by ending the process that fetches: RAUC takes that for a line that is gone
    and cleans up. An install from a file is stopped with RAUC's service. Both are safe, since RAUC
    (1.13, src/install.c) marks the slot that it writes as bad before the first byte and keeps it
    as "pending", as it must for a power cut; bundle, loop device and dm-verity go with the
    service's own mount namespace (MountFlags=slave, LO_FLAGS_AUTOCLEAR, DM_DEFERRED_REMOVE); and
    the client ends when the service's name leaves the bus. The slot that runs is untouched.
    """
    ask = ask or read_unit
    until = time.monotonic() + deadline_s
    first = ask()
    before, received = (first.received or 0) if first else 0, 0
    stop, reason, end_at = None, "", 0.0
    ask_why_at = time.monotonic() + why_stop_s
    client = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while True:
        try:
            output, _ = client.communicate(timeout=period_s)
        except subprocess.TimeoutExpired:
            output = None
        unit = ask()
        if unit is not None and unit.received is not None:
            # A unit that has been started anew counts from nothing.
            received = max(received, unit.received - (before if unit.received >= before else 0))
        if output is not None:
            output += f"LastError: {reason}\n" if reason else ""
            return Finished(client.returncode, output, received, stop)
        now = time.monotonic()
        if stop is None:
            stop, reason = _bound(unit, received, max_bytes)
            if stop is None and now > until:
                stop, reason = Stop.DEADLINE, f"not done within {deadline_s:.0f} s"
            if stop is None and now >= ask_why_at:
                ask_why_at = now + why_stop_s
                if why := why_stop():
                    stop, reason = Stop.WINDOW, f"stopped: {why}"
            if stop is not None:
                end_at = now + GRACE_S
                if max_bytes is None:
                    stop_service()
        if stop is not None and max_bytes is not None and unit is not None:
            end_stream(unit.main)
        if stop is not None and now > end_at:
            stop_service()
            client.terminate()


def _bound(unit: Unit | None, received: int, max_bytes: int | None) -> tuple[Stop | None, str]:
    if max_bytes is None:
        return None, ""
    if unit is not None and unit.main and unit.received is None:
        return Stop.BYTES, "what comes over the line is not counted, so that no budget can be kept"
    if received > max_bytes:
        return Stop.BYTES, f"more than the budget of {max_bytes} bytes has come"
    return None, ""


def read_unit() -> Unit | None:
    """RAUC's unit as systemd tells it; None where systemd does not answer."""
    asked = ("systemctl", "show", UNIT, *(f"--property={name}" for name in PROPERTIES))
    try:
        done = subprocess.run(
            asked, capture_output=True, text=True, timeout=SYSTEMCTL_DEADLINE_S, check=True
        )
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
                if (proc / child / "cmdline").read_bytes().startswith(STREAMER):
                    os.kill(int(child), signal.SIGKILL)


def stop_service() -> None:
    """Have systemd stop RAUC's service; the next call over the bus starts it again."""
    with contextlib.suppress(subprocess.SubprocessError, OSError):
        subprocess.run(
            ("systemctl", "--no-block", "stop", UNIT), capture_output=True,
            timeout=SYSTEMCTL_DEADLINE_S, check=False,
        )  # fmt: skip
