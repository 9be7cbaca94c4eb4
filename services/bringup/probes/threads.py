"""Which threads take how much of a core, as ``top -H`` would say (proc_pid_stat(5))."""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from hardware.vitals.sysfs import entries, word

SECONDS = 8.0
MOST = 6
"""Threads that are named."""
_STAT = re.compile(r"\d+ \((.*)\) \S((?: -?\d+)+)", re.DOTALL)


def ticks(root: Path) -> dict[str, tuple[str, int]]:
    """Each thread's name and its ticks so far, user and system, by its number."""
    found = {}
    for process in entries(root / "proc"):
        if not process.name.isdecimal():
            continue
        for thread in entries(process / "task"):
            match = _STAT.match(word(thread / "stat") or "")
            if match:
                # After the state: ppid is the first, utime the eleventh, stime the twelfth.
                numbers = match[2].split()
                found[thread.name] = (match[1], int(numbers[10]) + int(numbers[11]))
    return found


def shares(
    before: Mapping[str, tuple[str, int]],
    after: Mapping[str, tuple[str, int]],
    ticks_of_a_core: float,
    cores: int,
) -> str:
    """``all 41 % of 4 cores; 55 % video-encode, …``: percent of all, then of one core."""
    spent = sorted(
        (
            (count - before[number][1], name)
            for number, (name, count) in after.items()
            if number in before
        ),
        reverse=True,
    )
    whole = sum(count for count, _ in spent)
    named = ", ".join(
        f"{100 * count / ticks_of_a_core:.0f} % {name}" for count, name in spent[:MOST] if count
    )
    return f"all {100 * whole / ticks_of_a_core / cores:.0f} % of {cores} cores; {named}"


def measure(root: Path, seconds: float = SECONDS) -> str:
    """Look twice, `seconds` apart."""
    before, began = ticks(root), time.monotonic()
    time.sleep(seconds)
    after = ticks(root)
    ticks_of_a_core = (time.monotonic() - began) * os.sysconf("SC_CLK_TCK")
    return shares(before, after, ticks_of_a_core, os.cpu_count() or 1)
