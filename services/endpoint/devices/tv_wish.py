"""What is wished of the TV: awake for a meeting, else asleep, or as it is. Pure.

Two occasions to wake it: ten minutes before the begin, so that a clerk who must press the remote
control has the time, and once more when the doors open. Once a picture was there, a hand that
switches the TV off between the two is not fought; at the doors it is wanted again.
"""

from appliance.core.decision import Decision, Facts, Phase
from appliance.core.meetings.due import listed
from appliance.wire.meeting import Meeting
from hardware.display.tv_state import Want, Wish

BEFORE_BEGIN_S = 10 * 60.0
"""At the latest; doors that open sooner wake it sooner."""
REST_AFTER_S = 5 * 60.0
"""What became of the meeting stands on the TV for so long, and people pack up."""
NEXT_WITHIN_S = 30 * 60.0
"""A TV that will be woken so soon is not put to sleep."""


def tv_wish(decision: Decision, facts: Facts, now: float, *, idle_s: float, tested: bool) -> Wish:
    """The wish at `now` (POSIX s).

    `idle_s` is how long the phase has been what it is; `tested`: the self-test runs, which a hand
    has asked for, or the province.
    """
    if decision.call is not None:
        return Wish(Want.WAKE, f"{decision.call.uid} doors")
    coming = sorted((one for one in _joined(facts) if one.end > now), key=_wake_at)
    if coming and _wake_at(coming[0]) <= now:
        occasion = "doors" if now >= coming[0].doors else "early"
        return Wish(Want.WAKE, f"{coming[0].uid} {occasion}")
    if tested:
        return Wish(Want.WAKE, "self-test")
    soon = bool(coming) and _wake_at(coming[0]) <= now + NEXT_WITHIN_S
    rests = decision.phase is Phase.IDLE and idle_s >= REST_AFTER_S and not soon
    return Wish(Want.REST if rests else Want.KEEP)


def _joined(facts: Facts) -> list[Meeting]:
    """The meetings that this site will be in by itself."""
    if not (facts.clock_trusted and facts.fast_enough):
        return []
    return [one for one in listed(facts) if one.address]


def _wake_at(meeting: Meeting) -> float:
    return min(meeting.begin - BEFORE_BEGIN_S, meeting.doors)
