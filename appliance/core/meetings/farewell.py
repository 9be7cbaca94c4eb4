"""What people are told when the meeting that they waited for or sat in is no more there.

Worked out from two decisions that follow one another and from the agenda. A hand that left is not
told here: the phase LEFT does that for as long as the meeting goes on.
"""

from dataclasses import dataclass
from enum import StrEnum

from appliance.core.decision import NEAR_S, Decision, Phase
from appliance.core.meetings.due import Facts
from appliance.wire.meeting import Meeting

SHOWN_S = 120.0
"""For so long it stands on the TV: who comes back with coffee still reads it."""

_ATTENDED = frozenset(Phase) - {Phase.IDLE, Phase.LEFT, Phase.LEAVING}


class Farewell(StrEnum):
    """What became of a meeting."""

    ENDED = "ended"
    CANCELLED = "cancelled"
    MOVED = "moved"
    ENDED_BY_CHAIR = "ended-by-chair"


@dataclass(frozen=True, slots=True)
class Gone:
    """A meeting that is no more there; one that was moved as it is now."""

    farewell: Farewell
    meeting: Meeting


def gone(before: Decision, after: Decision, facts: Facts, now: float) -> Gone | None:
    """What to tell of the meeting of `before`, where `after` (at `now`) has let it go."""
    meeting = before.meeting
    if meeting is None or before.phase not in _ATTENDED or not meeting.address:
        return None
    ended = next((m for m in facts.meetings if m.uid == meeting.uid), meeting)
    if ended.occurrence in facts.ended and meeting.uid not in facts.dismissed:
        return Gone(Farewell.ENDED_BY_CHAIR, ended)
    same = after.meeting is not None and after.meeting.uid == meeting.uid
    if (same and after.phase in _ATTENDED and not _put_off(meeting, after.meeting, now)) or (
        meeting.uid in facts.dismissed or not facts.clock_trusted
    ):
        return None
    listed = next((m for m in facts.meetings if m.uid == meeting.uid), None)
    if listed is None:
        cancelled = now < meeting.end or meeting.uid in facts.cancelled
        return Gone(Farewell.CANCELLED if cancelled else Farewell.ENDED, meeting)
    if _put_off(meeting, listed, now):
        return Gone(Farewell.MOVED, listed)
    return Gone(Farewell.ENDED, listed) if now >= listed.end else None


def _put_off(meeting: Meeting, listed: Meeting | None, now: float) -> bool:
    """Whether it was moved so that its people may get up again."""
    if listed is None or listed.begin == meeting.begin:
        return False
    return now < min(listed.doors, listed.begin - NEAR_S) or listed.end <= now < meeting.end
