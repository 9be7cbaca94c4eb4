"""What should this site do now: one question about facts and the time, answered by seven rows.

Nothing is remembered between two questions, so a restart in the middle, a late agenda and a meeting
that was moved, extended, cancelled or given another address are all the same case. The answer is
worked out from what the call is and how it stands to the meeting that is due:

* `Bond.NOTHING`: no meeting is due;
* `Bond.OURS`: one is due, and it is this call's, or there is no call;
* `Bond.OTHER`: the call belongs to another meeting, or to another address of the same one.

Which meeting is due, and in which period of its time it is, stands in `meetings/due.py`: one that
runs, or the overrun of the call that this site is in, or one whose doors are open; never one that
nobody can join or that a hand has dismissed, and only under a trusted clock.

On a board that is too slow for calls nothing is due either: a call that it could not carry would
cost the others in the room more than an empty place does. What is coming is shown all the same.

Without a trusted clock nothing is due but what a hand asked for, and nothing is shown as coming but
what a hand would join (`meetings/unknown_hour.py`); any other call is left: the caller keeps the
clock trusted, once it was, until the next start (a Pi has none that runs without power).

A meeting that runs and names no address cannot be joined: it is UPCOMING with that meeting, from
which the screen tells that the address is missing. A meeting that begins soon is shown instead,
so that an all-day entry of the calendar never hides a countdown. It is shown in the place of one
that a hand has left, too: that one is LEFT, which says that it goes on and how to come back.
"""

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.meetings.due import (
    CallFact,
    CallState,
    Due,
    Facts,
    MediaFact,
    Period,
    bounds,
    due,
    left_by_hand,
    listed,
    not_ended,
    order,
)
from appliance.core.meetings.unknown_hour import first_ahead
from appliance.wire.meeting import Meeting

__all__ = ["CallFact", "CallState", "Decision", "Facts", "MediaFact", "Period", "Phase", "decide"]

NEAR_S = 15 * 60.0
"""A meeting is near this long before its begin: time to switch the TV on, sit down and test."""
BEFORE_DOORS_S = 5 * 60.0
"""And so long before its doors at the least, where they open earlier than most."""


class Phase(StrEnum):
    """What the people in the room see that the site is doing."""

    IDLE = "idle"
    UPCOMING = "upcoming"
    LEFT = "left"
    JOINING = "joining"
    WAITING = "waiting"
    IN_MEETING = "in meeting"
    OVERTIME = "overtime"
    REJOINING = "rejoining"
    LEAVING = "leaving"


IN_CALL = frozenset({Phase.WAITING, Phase.IN_MEETING, Phase.OVERTIME})
"""The phases in which the call is up, and wanted."""


class Bond(StrEnum):
    """How the call stands to the meeting that is due."""

    NOTHING = "no meeting is due"
    OURS = "the due one is this call's, or there is no call"
    OTHER = "the call is another's"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, and when to ask again if no fact changes before."""

    phase: Phase
    meeting: Meeting | None  # of which the screen speaks
    call: Meeting | None  # the call that is wanted
    wake_at: float | None  # POSIX s; None: time alone will change nothing
    period: Period | None = None  # of the call that is wanted


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `flowed` and `period` None stand for any."""

    calls: frozenset[CallState]
    bonds: frozenset[Bond]
    flowed: bool | None
    period: Period | None
    phases: tuple[Phase, ...]  # more than one only where no call is wanted: what is shown chooses
    wanted: bool


_NOT_UP = frozenset({CallState.DOWN, CallState.DIALING, CallState.CLOSING})
_A_CALL = frozenset({CallState.DIALING, CallState.UP, CallState.CLOSING})
_DOWN, _UP = frozenset({CallState.DOWN}), frozenset({CallState.UP})
_OURS, _NOTHING = frozenset({Bond.OURS}), frozenset({Bond.NOTHING})
_NOT_OURS = frozenset({Bond.NOTHING, Bond.OTHER})
_RESTING = (Phase.IDLE, Phase.UPCOMING, Phase.LEFT)

ROWS: tuple[Row, ...] = (
    Row(_DOWN, _NOTHING, None, None, _RESTING, False),
    Row(_NOT_UP, _OURS, False, None, (Phase.JOINING,), True),
    Row(_NOT_UP, _OURS, True, None, (Phase.REJOINING,), True),
    Row(_UP, _OURS, None, Period.DOORS, (Phase.WAITING,), True),
    Row(_UP, _OURS, None, Period.RUNNING, (Phase.IN_MEETING,), True),
    Row(_UP, _OURS, None, Period.OVERRUN, (Phase.OVERTIME,), True),
    Row(_A_CALL, _NOT_OURS, None, None, (Phase.LEAVING,), False),
)


def decide(facts: Facts, now: float) -> Decision:
    """Say what this site does at `now` (POSIX s); total, and the same for the same facts."""
    answer = _answer(facts, now)
    wake_at = next((at for at in _times(facts, now) if _answer(facts, at) != answer), None)
    phase, meeting, call, period = answer
    return Decision(phase, meeting, call, wake_at, period)


def bond(call: CallFact, wanted: Meeting | None) -> Bond:
    """How `call` stands to the meeting that is due."""
    if wanted is None:
        return Bond.NOTHING
    if call.state is CallState.DOWN or (call.uid, call.address) == (wanted.uid, wanted.address):
        return Bond.OURS
    return Bond.OTHER


def row_of(state: CallState, stands: Bond, flowed: bool, period: Period | None) -> Row:
    """The one row for this case; DOWN with OTHER is no case, for then there is no call."""
    return next(
        row
        for row in ROWS
        if state in row.calls
        and stands in row.bonds
        and row.flowed in (None, flowed)
        and row.period in (None, period)
    )


_Answer = tuple[Phase, Meeting | None, Meeting | None, Period | None]


def _answer(facts: Facts, now: float) -> _Answer:
    wanted: Due | None = due(facts, now)
    meeting = wanted.meeting if wanted else None
    flowed = meeting is not None and meeting.uid in facts.flowed
    period = wanted.period if wanted else None
    row = row_of(facts.call.state, bond(facts.call, meeting), flowed, period)
    if row.wanted:
        return row.phases[0], meeting, meeting, period
    if facts.call.state is not CallState.DOWN:
        return row.phases[0], _left(facts), None, None
    return *_resting(facts, now), None, None


def _left(facts: Facts) -> Meeting | None:
    """The meeting that is being left, where the agenda still lists it."""
    left = (m for m in facts.meetings if m.uid == facts.call.uid)
    return min(left, key=lambda m: (m.address != facts.call.address, order(m)), default=None)


def _resting(facts: Facts, now: float) -> tuple[Phase, Meeting | None]:
    """What to tell people while there is no meeting to join: of which one, and in which phase."""
    if not facts.clock_trusted:
        return Phase.IDLE, first_ahead(not_ended(facts), facts.dismissed, now)
    following = min((m for m in listed(facts) if m.begin > now), key=order, default=None)
    coming = (m for m in listed(facts) if _near(m) <= now < m.begin)
    if (near := min(coming, key=order, default=None)) is not None:
        return Phase.UPCOMING, near
    if (left := left_by_hand(facts, now)) is not None:
        return Phase.LEFT, left
    running = min((m for m in listed(facts) if m.begin <= now < m.end), key=order, default=None)
    return (Phase.IDLE, following) if running is None else (Phase.UPCOMING, running)


def _near(meeting: Meeting) -> float:
    """From when on the screen counts down to it."""
    return min(meeting.begin - NEAR_S, meeting.doors - BEFORE_DOORS_S)


def _times(facts: Facts, now: float) -> list[float]:
    """Every later instant at which time alone could change the answer, earliest first."""
    if not facts.clock_trusted:
        return sorted(m.end for m in facts.meetings if m.end > now)
    times = {at for m in facts.meetings for at in (_near(m), m.doors, m.begin, m.end)}
    times.update(bounds(facts))
    return sorted(at for at in times if at > now)
