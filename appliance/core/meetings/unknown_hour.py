"""What a site joins that does not know the hour: nothing by itself, and what a hand asks for.

Its own hour is too early, if anything, for it goes on from the one that was kept. So a meeting that
is over by it is over, and any other may be the one that people have come for. *Offered* is the
first of them; who leaves it by hand is offered the next one, and after the last the first again.
Once the hour is known the agenda decides as always: a call in which media flow goes on.
"""

from collections.abc import Iterable

from appliance.wire.meeting import Meeting


def first_ahead(
    meetings: Iterable[Meeting], dismissed: frozenset[str], now: float
) -> Meeting | None:
    """The meeting that a hand would join at `now`, the site's own hour (POSIX s)."""
    ahead = (m for m in meetings if m.address and now < m.end)
    return min(ahead, key=lambda m: (m.uid in dismissed, *_order(m)), default=None)


def joined_by_hand(
    meetings: Iterable[Meeting], by_hand: frozenset[str], dismissed: frozenset[str]
) -> Meeting | None:
    """The meeting that a hand joined and none has left since."""
    asked = (m for m in meetings if m.uid in by_hand - dismissed and m.address)
    return min(asked, key=_order, default=None)


def _order(meeting: Meeting) -> tuple[float, str, str]:
    return meeting.begin, meeting.uid, meeting.address
