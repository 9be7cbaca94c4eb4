"""Whether a site that is not in its meeting yet is still coming, or late: pure.

Sites come in one after another (docs/decide.md): each has a moment of its own in the first half of
the time from the doors to the begin, and after a power cut one within half a minute. Both follow
from its id, so the province knows them as the site does. Who is expected in four minutes lacks
nothing, and who was expected a minute ago needs somebody.
"""

from dataclasses import dataclass

from appliance.core.decision import Phase
from appliance.core.message import N_
from appliance.core.redial import own_doors, power_delay

LATE_AFTER_S = 60.0
"""After its moment: two tries of a call (20 s each), and a report on its way (10 s when near)."""
LATE = N_("It should have come in {age} ago.")
LATE_REMEDY = N_("Call the commune: what does the TV say?")
BY_HAND = "left"
"""The period of a site that a hand has taken out (docs/wire.md)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """When a site is to come in, POSIX s; later where its power has just come back."""

    site_id: str
    at: float

    def since(self, connected_at: float | None) -> float:
        """Its moment, where it reached the province at `connected_at` last."""
        if connected_at is None or connected_at <= self.at:
            return self.at
        return connected_at + power_delay(self.site_id, 0.0, connected_at - self.at)

    def late_s(self, now: float, connected_at: float | None, phase: str, period: str) -> float:
        """For how long it has been late; not more than 0 where it is still coming, or went by hand.

        A call that fell is dialled again: that is told by the site's own problems.
        """
        if period == BY_HAND or phase == Phase.REJOINING:
            return 0.0
        since = self.since(connected_at)
        return now - since if now - since >= LATE_AFTER_S else 0.0


def expected(site_id: str, begin: float, doors_s: float) -> Expected:
    """When this site comes to a meeting that begins at `begin` (POSIX s)."""
    return Expected(site_id, begin - own_doors(doors_s, site_id))
