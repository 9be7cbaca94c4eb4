"""Memory that a program could still have (proc(5), ``/proc/meminfo``)."""

from dataclasses import dataclass
from pathlib import Path

from hardware.vitals.sysfs import word


@dataclass(frozen=True, slots=True)
class Memory:
    """In megabytes of 1,000,000 bytes."""

    total_mb: float
    available_mb: float


def memory(root: Path) -> Memory | None:
    """MemTotal and MemAvailable; None where the file lacks one."""
    sizes: dict[str, float] = {}
    for line in (word(root / "proc/meminfo") or "").splitlines():
        name, _, value = line.partition(":")
        number = value.split()
        if number and number[0].isdigit():
            sizes[name] = int(number[0]) * 1024 / 1e6
    try:
        return Memory(sizes["MemTotal"], sizes["MemAvailable"])
    except KeyError:
        return None
