"""How worn the flash is, where it says so, and how much was written to it.

eMMC tells (JEDEC eMMC 5.0, EXT_CSD 267 to 269; kernel: ``life_time``, ``pre_eol_info``); an SD card
does not, so the bytes written since the boot are all that there is.
"""

from dataclasses import dataclass
from pathlib import Path

from hardware.vitals.sysfs import whole, word

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Wear:
    """``used_percent`` in steps of ten, of the worse of two areas; ``spare`` 1 normal, 2, 3 low."""

    used_percent: int
    spare: int


def wear(root: Path, disk: str) -> Wear | None:
    """Of an eMMC; None for an SD card and any other disk."""
    device = root / "sys/block" / disk / "device"
    try:
        areas = [int(area, 16) for area in (word(device / "life_time") or "").split()]
    except ValueError:
        return None
    if not any(areas):
        return None  # 0 stands for "not defined"
    return Wear(min(max(areas), 11) * 10, whole(device / "pre_eol_info") or 1)


def written_mb(root: Path, disk: str) -> float | None:
    """Megabytes written to the disk since the boot (field 7 of ``stat``, in sectors of 512)."""
    fields = (word(root / "sys/block" / disk / "stat") or "").split()
    if len(fields) < 7 or not fields[6].isdigit():
        return None
    return int(fields[6]) * SECTOR / 1e6
