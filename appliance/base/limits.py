"""Every deadline of the appliance in one place, each with its reason; all in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long anything on the outside may take before it counts as failed."""

    dial: float = 20.0
    """Address to call: two SIP timer-B thirds; people on site lose patience at about twenty."""
    hang_up: float = 4.0
    """A polite leave; the far end notices a dead peer by itself after that."""
    feed: float = 20.0
    """The whole transfer of an agenda of 2 MB over a line of 1 Mbit/s."""
    first_media: float = 12.0
    """A call without a packet for so long is no call (ICE fails at about ten)."""
    silent_media: float = 8.0
    """No packet in a running call: longer than any Wi-Fi roam or ring protection switch."""
    stop: float = 8.0
    """All tasks down before systemd's TimeoutStopSec (10 s)."""
