"""Which meeting is due now: from its doors to its end, and in its overrun while media flow.

A meeting has three periods (`Period`): its *doors* open some minutes before its begin, it *runs*
from its begin to its end, and it is in its *overrun* after that. What runs is due by the agenda; an
overrun is due only where this site was in the call and media flow, for no calendar knows it.

Of several, in this order:

* what runs: the one that began first, ties by uid. A site stays in the meeting that it is in until
  that one's end, and a call never changes by itself because a second meeting begins;
* the overrun of the call that it is in: it yields at the *begin* of another meeting and not at that
  one's doors, for doors are there to be early, and what is being said now is not;
* what has its doors open: the one that begins first, ties by uid.

An overrun is over when the far end has ended the call, when the site has been alone for `ALONE_S`
(where the far end tells who is in), when a call that fell did not come back in `REDIAL_S`, and at
the latest after `MAX_OVERRUN_S`.

A meeting that the chair has ended (the province says so, and keeps saying it) is over for this site
in each of the three periods, for a hand too. It names the begin: one that was moved since is due.

A clock that is set while media flow ends no call. Set forward, the meeting is in its overrun, which
counts from then; set back to before the doors, the call is kept for as long as media flow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.core.meetings.unknown_hour import first_ahead, joined_by_hand
from appliance.wire.meeting import EndedMeeting, Meeting

REDIAL_S = 5 * 60.0
"""A call that falls in an overrun is dialled again for so long: nobody knows whether it goes on."""
ALONE_S = 60.0
"""Others come back from a break within it; an RMX ends a conference of one after a minute, too."""
MAX_OVERRUN_S = 3 * 3600.0
"""A room that nobody closes must not hold a camera open all night."""


class Period(StrEnum):
    """Where in its time a meeting is."""

    DOORS = "before the begin"
    RUNNING = "in its time"
    OVERRUN = "past its end"


class CallState(StrEnum):
    """What the one call of this site is, as its dialer knows it."""

    DOWN = "down"
    DIALING = "dialing"
    UP = "up"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class CallFact:
    """The call there is; `(uid, address)` says whose, and means nothing while it is down."""

    state: CallState = CallState.DOWN
    uid: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class MediaFact:
    """The newest call in which media flowed, also where a program before this one was in it.

    Its times are POSIX seconds as seen from `now`: who gives them measures by a clock that nobody
    sets, so that a step of the hour adds nothing to them.
    """

    meeting: Meeting  # as it was dialled
    last_at: float | None = None  # when media flowed last; None: they flow now
    ended: bool = False  # the far end ended the call, or this site left it
    alone_since: float | None = None  # since when nobody else is in; None: somebody, or not known
    in_time_at: float = float("-inf")  # when the site was last in it before its end


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision rests on, besides the time."""

    meetings: tuple[Meeting, ...] = ()
    call: CallFact = CallFact()
    flowed: frozenset[str] = frozenset()  # uids in which media has flowed since this site started
    dismissed: frozenset[str] = frozenset()  # uids that a hand hung up
    clock_trusted: bool = True
    joined_by_hand: frozenset[str] = frozenset()  # uids that a hand joined without a trusted clock
    fast_enough: bool = True  # whether this board can carry a call
    media: MediaFact | None = None
    cancelled: frozenset[str] = frozenset()  # uids that the agenda names as such
    ended: frozenset[EndedMeeting] = frozenset()  # at the chair's page, as the province says


@dataclass(frozen=True, slots=True)
class Due:
    """The meeting that this site belongs in, and where in its time it is."""

    meeting: Meeting
    period: Period


def due(facts: Facts, now: float) -> Due | None:
    """The one meeting that this site belongs in at `now` (POSIX s), by the rules above."""
    if not facts.fast_enough:
        return None
    if not facts.clock_trusted:
        asked = joined_by_hand(not_ended(facts), facts.joined_by_hand, facts.dismissed)
        return None if asked is None else Due(asked, Period.RUNNING)
    joinable = [m for m in listed(facts) if m.address]
    running = min((m for m in joinable if m.begin <= now < m.end), key=order, default=None)
    if running is not None:
        return Due(running, Period.RUNNING)
    if (held := _held(facts, now)) is not None:
        return held
    early = (m for m in joinable if m.doors <= now < m.begin and m.begin < m.end)
    first = min(early, key=order, default=None)
    return None if first is None else Due(first, Period.DOORS)


def not_ended(facts: Facts) -> tuple[Meeting, ...]:
    """The meetings that the chair has not ended."""
    return tuple(m for m in facts.meetings if m.occurrence not in facts.ended)


def listed(facts: Facts) -> Iterator[Meeting]:
    """The meetings that neither a hand here hung up nor the chair ended."""
    return (m for m in not_ended(facts) if m.uid not in facts.dismissed)


def left_by_hand(facts: Facts, now: float) -> Meeting | None:
    """The meeting that a hand hung up and that goes on, as far as that can be known."""
    if not facts.clock_trusted:
        return None
    left = [m for m in not_ended(facts) if m.uid in facts.dismissed and m.address]
    return min((m for m in left if m.doors <= now < _goes_on(facts, m)), key=order, default=None)


def joinable(
    meetings: Sequence[Meeting], dismissed: frozenset[str], now: float, hour_known: bool
) -> list[Meeting]:
    """The meetings that a hand left and that are still on; where none is, the one over time.

    Without the hour it is the one that is `first_ahead`, left before or not.
    """
    if not hour_known:
        first = first_ahead(meetings, dismissed, now)
        return [] if first is None else [first]
    known = [m for m in meetings if m.uid in dismissed and m.doors <= now]
    over = [m for m in known if m.end <= now < m.end + MAX_OVERRUN_S]
    return [m for m in known if now < m.end] or over[-1:]


def order(meeting: Meeting) -> tuple[float, str, str]:
    """What began first comes first, ties by uid."""
    return meeting.begin, meeting.uid, meeting.address


def bounds(facts: Facts) -> Iterator[float]:
    """Every instant at which an overrun, or what a hand left, could be over by time alone."""
    media = facts.media
    if media is None:
        return
    if media.last_at is not None:
        yield media.last_at + REDIAL_S
    if media.alone_since is not None:
        yield media.alone_since + ALONE_S
    of_call = [m for m in facts.meetings if m.uid == media.meeting.uid]
    for meeting in (media.meeting, *of_call):
        yield meeting.end
        yield _latest(media, meeting)


def _held(facts: Facts, now: float) -> Due | None:
    """The meeting of the call that media flow in, outside of its time."""
    media = facts.media
    if media is None:
        return None
    meeting = _as_listed(facts, media, now)
    if meeting is None or not meeting.address:
        return None
    if now < meeting.begin:
        # the clock was set back, where it is the meeting that was moved the call is left
        kept = media.last_at is None and meeting.begin == media.meeting.begin
        return Due(meeting, Period.DOORS) if kept and now < meeting.doors else None
    if now < meeting.end or now >= _latest(media, meeting):
        return None
    if media.last_at is None:
        over = media.alone_since is not None and now >= media.alone_since + ALONE_S
    else:
        over = media.ended or now >= media.last_at + REDIAL_S
    return None if over else Due(meeting, Period.OVERRUN)


def _as_listed(facts: Facts, media: MediaFact, now: float) -> Meeting | None:
    """The meeting of that call as the agenda has it now; None where it is no more that call's.

    Feeds drop what is over, so past its end a meeting need not be listed any more.
    """
    known = media.meeting
    if known.uid in facts.dismissed or known.uid in facts.cancelled:
        return None
    same = [m for m in facts.meetings if m.uid == known.uid]
    if not same and now >= known.end:
        same = [known]
    of_call = (m for m in same if m.address == known.address and m.occurrence not in facts.ended)
    return min(of_call, key=order, default=None)


def _latest(media: MediaFact, meeting: Meeting) -> float:
    """When the overrun is over whatever flows."""
    return max(meeting.end, media.in_time_at) + MAX_OVERRUN_S


def _goes_on(facts: Facts, meeting: Meeting) -> float:
    """Until when a meeting that was left goes on; past its end nobody tells, so not for long."""
    media = facts.media
    if media is None or media.meeting.uid != meeting.uid or media.last_at is None:
        return meeting.end
    return max(meeting.end, media.last_at + REDIAL_S)
