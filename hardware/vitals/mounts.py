"""What lies under a path: device, file system, and whether it can be written (proc(5), mounts)."""

import re
from dataclasses import dataclass
from pathlib import Path

from hardware.vitals.sysfs import word

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of ``/proc/mounts``."""

    device: str  # "mmcblk0p5"
    point: str
    kind: str  # "ext4"
    read_only: bool


def mount_of(root: Path, path: str) -> Mount | None:
    """The mount that holds the absolute `path`: the longest point that contains it."""
    found: Mount | None = None
    for line in (word(root / "proc/mounts") or "").splitlines():
        parts = line.split()
        if len(parts) < 4:
            continue
        # Blanks and the like are octal; letters beyond ASCII stand there as they are.
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), parts[1])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and (found is None or len(point) >= len(found.point)):
            device = parts[0].removeprefix("/dev/")
            found = Mount(device, point, parts[2], "ro" in parts[3].split(","))
    return found


def disk_of(device: str) -> str:
    """The disk of a partition: ``mmcblk0p5`` → ``mmcblk0``, ``sda2`` → ``sda``."""
    bare = device.rstrip("0123456789")
    if bare.endswith("p") and bare[:-1][-1:].isdigit():
        return bare[:-1]
    return bare if device.startswith(("sd", "vd")) else device
