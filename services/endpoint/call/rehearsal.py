"""Which rehearsal of the province this site takes part in, and when: pure, asked at each turn."""

from collections.abc import Iterable

from appliance.core.decision import Decision, Phase
from appliance.core.floor_control import NO_MEETING
from appliance.wire.address import Address, AddressError
from appliance.wire.calendar.conference import allowed
from appliance.wire.facts import RehearsalWish
from appliance.wire.meeting import Meeting

RESTING = NO_MEETING - {Phase.LEFT}
LATE_S = 600.0
"""A site that comes back later than this after its turn leaves the rehearsal out."""


class Rehearsal:
    """Remembers the name of the rehearsal that was begun, so that each is held once."""

    def __init__(self, hosts: frozenset[str] = frozenset()) -> None:
        """`hosts` are the only ones that may be dialled (empty: any), as for the agenda."""
        self._hosts = hosts
        self._begun = ""

    def due(
        self,
        wish: RehearsalWish | None,
        meetings: Iterable[Meeting],
        decision: Decision,
        now: float,
    ) -> Meeting | None:
        """What to call now; None where nothing is due. To be due once is to be begun.

        A meeting comes first: there is no rehearsal while one is joined or left, nor after a hand
        has left one that goes on, which it did to be seen no more.
        """
        if wish is None or wish.name == self._begun or decision.phase not in RESTING:
            return None
        if not wish.at <= now < wish.at + LATE_S:
            return None
        found = self._room(wish) or next((m for m in meetings if m.uid == wish.meeting), None)
        if found is None or not found.address:
            return None  # its agenda may still come
        self._begun = wish.name
        return found

    def _room(self, wish: RehearsalWish) -> Meeting | None:
        """The province's test room, where it names one that this site may dial."""
        try:
            address = Address.parse(wish.address)
        except AddressError:
            return None
        if not allowed(address, self._hosts):
            return None
        return Meeting(f"{wish.name}/rehearsal", "", wish.at, wish.at + LATE_S, wish.address)
