"""Network interfaces: carrier, speed, errors (kernel: sysfs-class-net and its statistics)."""

from dataclasses import dataclass
from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word

LOOPBACK = "lo"


@dataclass(frozen=True, slots=True)
class Link:
    """One real interface; ``mbit`` is None where there is no speed (Wi-Fi, no carrier)."""

    name: str
    carrier: bool
    mbit: int | None
    full_duplex: bool | None
    received: int
    sent: int
    errors: int
    """Received with an error, or missed for want of a buffer, or not sent: packets."""


def links(root: Path) -> tuple[Link, ...]:
    """Interfaces with a device behind them: no loopback, bridge or tunnel."""
    return tuple(
        _link(folder) for folder in entries(root / "sys/class/net") if (folder / "device").exists()
    )


def any_carrier(root: Path) -> bool:
    """Whether any interface but loopback has a carrier, also one without a device behind it.

    An interface that is administratively down has no readable carrier (EINVAL) and counts as none.
    """
    return any(
        word(folder / "carrier") == "1"
        for folder in entries(root / "sys/class/net")
        if folder.name != LOOPBACK
    )


def _link(folder: Path) -> Link:
    speed, duplex = whole(folder / "speed"), word(folder / "duplex")
    counts = folder / "statistics"
    return Link(
        folder.name,
        word(folder / "carrier") == "1",
        speed if speed is not None and speed > 0 else None,  # -1: unknown
        {"full": True, "half": False}.get(duplex or ""),
        whole(counts / "rx_packets") or 0,
        whole(counts / "tx_packets") or 0,
        sum(whole(counts / name) or 0 for name in ("rx_errors", "rx_missed_errors", "tx_errors")),
    )
