"""How much one site may send: what is more is acknowledged, counted, and not stored. Pure.

The broker keeps one queue for all sites, so a site that floods it would hold up the others: of a
flood of 25 seconds their reports came eight minutes late.
"""

from services.province.bounds import Buckets, Rate

MESSAGES = Rate(per_s=4.0, burst=4000.0)
"""A site in a meeting sends one report in ten seconds; after an outage all that its disk kept."""
BYTES = Rate(per_s=16_000.0, burst=4_000_000.0)
"""A full report has three thousand; a disk keeps two million (`services/health/backlog.py`)."""


class SiteBounds:
    """What each site has left."""

    def __init__(self) -> None:
        self._messages = Buckets(MESSAGES)
        self._bytes = Buckets(BYTES)

    def exceeded(self, site: str, size: int, now: float) -> str:
        """Why a message of `size` bytes is one too many; "" where it is not. `now` in s."""
        if not self._messages.take(site, now):
            return f"more than {MESSAGES.per_s:g} reports a second for a long time"
        if not self._bytes.take(site, now, size):
            return f"more than {BYTES.per_s:g} bytes a second for a long time"
        return ""
