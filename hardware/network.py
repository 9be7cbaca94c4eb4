"""Whether a network cable is in: the kernel's word, not a far end's answer."""

from pathlib import Path

CLASS = Path("/sys/class/net")
LOOPBACK = "lo"


def linked(folder: Path = CLASS) -> bool:
    """Whether any interface but loopback has a carrier (sysfs-class-net, ``carrier``).

    An interface that is administratively down has no readable carrier (EINVAL) and counts as none.
    """
    return any(_carrier(entry) for entry in folder.iterdir() if entry.name != LOOPBACK)


def _carrier(interface: Path) -> bool:
    try:
        return (interface / "carrier").read_text().strip() == "1"
    except OSError:
        return False
