"""What should this site do now: one question about facts and the time, answered by five rows.

Nothing is remembered between two questions, so a restart in the middle, a late agenda and a meeting
that was moved, extended, cancelled or given another address are all the same case. The answer is
worked out from what the call is and how it stands to the meeting that is due:

* `Bond.NOTHING`: no meeting is due;
* `Bond.OURS`: one is due, and it is this call's, or there is no call;
* `Bond.OTHER`: the call belongs to another meeting, or to another address of the same one.

A meeting is *due* from its begin until its end, while nobody has dismissed it by hand, where it
names an address, and only under a trusted clock. Where several are due, **the one that began first
wins**, ties by uid: a site stays in the meeting that it is in until that one is over, and a call
never changes by itself because a second meeting begins.

On a board that is too slow for calls nothing is due either: a call that it could not carry would
cost the others in the room more than an empty place does. What is coming is shown all the same.

Without a trusted clock nothing is due, nothing is shown as coming, and a call is left: the caller
keeps the clock trusted, once it was, until the next start (a Pi has none that runs without power).

A meeting that runs and names no address cannot be joined: it is UPCOMING with that meeting, from
which the screen tells that the address is missing. A meeting that begins soon is shown instead,
so that an all-day entry of the calendar never hides a countdown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from appliance.wire.meeting import Meeting

NEAR_S = 15 * 60.0
"""A meeting is near this long before its begin: time to switch the TV on, sit down and test."""


class Phase(StrEnum):
    """What the people in the room see that the site is doing."""

    IDLE = "idle"
    UPCOMING = "upcoming"
    JOINING = "joining"
    IN_MEETING = "in meeting"
    REJOINING = "rejoining"
    LEAVING = "leaving"


class CallState(StrEnum):
    """What the one call of this site is, as its dialer knows it."""

    DOWN = "down"
    DIALING = "dialing"
    UP = "up"
    CLOSING = "closing"


class Bond(StrEnum):
    """How the call stands to the meeting that is due."""

    NOTHING = "no meeting is due"
    OURS = "the due one is this call's, or there is no call"
    OTHER = "the call is another's"


@dataclass(frozen=True, slots=True)
class CallFact:
    """The call there is; `(uid, address)` says whose, and means nothing while it is down."""

    state: CallState = CallState.DOWN
    uid: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision rests on, besides the time."""

    meetings: tuple[Meeting, ...] = ()
    call: CallFact = CallFact()
    flowed: frozenset[str] = frozenset()  # uids in which media has flowed since this site started
    dismissed: frozenset[str] = frozenset()  # uids that a hand hung up
    clock_trusted: bool = True
    fast_enough: bool = True  # whether this board can carry a call


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, and when to ask again if no fact changes before."""

    phase: Phase
    meeting: Meeting | None  # of which the screen speaks
    call: Meeting | None  # the call that is wanted
    wake_at: float | None  # POSIX s; None: time alone will change nothing


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `flowed` None stands for either."""

    calls: frozenset[CallState]
    bonds: frozenset[Bond]
    flowed: bool | None
    phases: tuple[Phase, ...]  # two only where nearness chooses: (far, near)
    wanted: bool


_NOT_UP = frozenset({CallState.DOWN, CallState.DIALING, CallState.CLOSING})
_A_CALL = frozenset({CallState.DIALING, CallState.UP, CallState.CLOSING})
_OURS = frozenset({Bond.OURS})

ROWS: tuple[Row, ...] = (
    Row(
        frozenset({CallState.DOWN}),
        frozenset({Bond.NOTHING}),
        None,
        (Phase.IDLE, Phase.UPCOMING),
        False,
    ),
    Row(_NOT_UP, _OURS, False, (Phase.JOINING,), True),
    Row(_NOT_UP, _OURS, True, (Phase.REJOINING,), True),
    Row(frozenset({CallState.UP}), _OURS, None, (Phase.IN_MEETING,), True),
    Row(_A_CALL, frozenset({Bond.NOTHING, Bond.OTHER}), None, (Phase.LEAVING,), False),
)


def decide(facts: Facts, now: float) -> Decision:
    """Say what this site does at `now` (POSIX s); total, and the same for the same facts."""
    phase, meeting, call = _answer(facts, now)
    wake_at = next(
        (at for at in _times(facts, now) if _answer(facts, at) != (phase, meeting, call)), None
    )
    return Decision(phase, meeting, call, wake_at)


def due(facts: Facts, now: float) -> Meeting | None:
    """The one meeting that this site belongs in at `now`, by the overlap rule above."""
    if not (facts.clock_trusted and facts.fast_enough):
        return None
    running = (m for m in _listed(facts) if m.begin <= now < m.end and m.address)
    return min(running, key=_order, default=None)


def bond(call: CallFact, wanted: Meeting | None) -> Bond:
    """How `call` stands to the meeting that is due."""
    if wanted is None:
        return Bond.NOTHING
    if call.state is CallState.DOWN or (call.uid, call.address) == (wanted.uid, wanted.address):
        return Bond.OURS
    return Bond.OTHER


def row_of(state: CallState, stands: Bond, flowed: bool) -> Row:
    """The one row for this case; DOWN with OTHER is no case, for then there is no call."""
    return next(
        row
        for row in ROWS
        if state in row.calls and stands in row.bonds and row.flowed in (None, flowed)
    )


_Answer = tuple[Phase, Meeting | None, Meeting | None]


def _answer(facts: Facts, now: float) -> _Answer:
    wanted = due(facts, now)
    flowed = wanted is not None and wanted.uid in facts.flowed
    row = row_of(facts.call.state, bond(facts.call, wanted), flowed)
    if row.wanted:
        return row.phases[0], wanted, wanted
    if facts.call.state is not CallState.DOWN:
        return row.phases[0], _left(facts), None
    shown, near = _shown(facts, now)
    return row.phases[near], shown, None


def _left(facts: Facts) -> Meeting | None:
    """The meeting that is being left, where the agenda still lists it."""
    left = (m for m in facts.meetings if m.uid == facts.call.uid)
    return min(left, key=lambda m: (m.address != facts.call.address, _order(m)), default=None)


def _shown(facts: Facts, now: float) -> tuple[Meeting | None, bool]:
    """The meeting to tell people of while there is none to join, and whether it is near."""
    if not facts.clock_trusted:
        return None, False
    following = min((m for m in _listed(facts) if m.begin > now), key=_order, default=None)
    if following is not None and now >= following.begin - NEAR_S:
        return following, True
    running = min((m for m in _listed(facts) if m.begin <= now < m.end), key=_order, default=None)
    return (following, False) if running is None else (running, True)


def _listed(facts: Facts) -> Iterator[Meeting]:
    return (m for m in facts.meetings if m.uid not in facts.dismissed)


def _order(meeting: Meeting) -> tuple[float, str, str]:
    return meeting.begin, meeting.uid, meeting.address


def _times(facts: Facts, now: float) -> list[float]:
    """Every later instant at which time alone could change the answer, earliest first."""
    if not facts.clock_trusted:
        return []
    times = {at for m in _listed(facts) for at in (m.begin - NEAR_S, m.begin, m.end)}
    return sorted(at for at in times if at > now)
