"""What a simulated site does at any time: pure, by its number and the time.

The same number behaves the same each time, so a run can be repeated and its outcome counted.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.base.texts import LOCALES, text
from appliance.core.problems import KINDS, ProblemKey
from appliance.wire.alarm import Alarm

PROBLEM_SHARE = 0.12
"""Sites with something wrong for the whole run."""
PROBLEMS = (
    ProblemKey.CAMERA_MISSING, ProblemKey.MICROPHONE_SILENT, ProblemKey.TV_UNCONFIRMED,
    ProblemKey.HOT, ProblemKey.POWER_WEAK, ProblemKey.LINK_SLOW, ProblemKey.AGENDA_OLD,
    ProblemKey.CARD_WORN,
)  # fmt: skip
UPCOMING_S = 900.0
JOIN_SPREAD_S = 60.0
"""All join in one minute's schedule."""
JOIN_S = 4.0
HAND_SHARE = 0.3
HAND_S = 45.0


@dataclass(frozen=True, slots=True)
class SimulatedMeeting:
    """The one meeting of a run; all in POSIX seconds."""

    uid: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Activity:
    """What the endpoint's fact file would say."""

    phase: str
    meeting: str = ""
    call: str = "down"
    hand_since: float = 0.0


class Behaviour:
    """Of the site of a number: what it does, what is wrong with it, what it measures."""

    def __init__(self, number: int) -> None:
        source = random.Random(number)  # noqa: S311 - no secret
        self._joins_after = source.uniform(0.0, JOIN_SPREAD_S)
        self._hand_after = source.uniform(60.0, 600.0) if source.random() < HAND_SHARE else None
        self._warmth = source.uniform(44.0, 58.0)
        self._free = source.uniform(70.0, 97.0)
        self._lot = source.random()
        self._problem = source.choice(PROBLEMS) if source.random() < PROBLEM_SHARE else None
        self.serial = f"{source.getrandbits(64):016x}"

    def activity(self, now: float, meeting: SimulatedMeeting | None) -> Activity:
        """At `now`."""
        if meeting is None or now >= meeting.end or now < meeting.begin - UPCOMING_S:
            return Activity("idle")
        if now < meeting.begin + self._joins_after:
            return Activity("upcoming", meeting.uid)
        if now < meeting.begin + self._joins_after + JOIN_S:
            return Activity("joining", meeting.uid, "dialing")
        return Activity("in meeting", meeting.uid, "up", self._hand(now, meeting))

    def changes_at(self, now: float, meeting: SimulatedMeeting | None) -> float:
        """When `activity` is another next; infinity for never."""
        if meeting is None:
            return math.inf
        join = meeting.begin + self._joins_after
        moments = [meeting.begin - UPCOMING_S, join, join + JOIN_S, meeting.end]
        if self._hand_after is not None:
            raised = meeting.begin + self._hand_after
            moments += [raised, raised + HAND_S]
        return min((moment for moment in moments if moment > now), default=math.inf)

    def alarms(self, began: float) -> tuple[Alarm, ...]:
        """What is wrong with it since the run `began`."""
        if self._problem is None:
            return ()
        kind = KINDS[self._problem]
        return (
            Alarm(
                key=self._problem.value,
                code=kind.code,
                severity=int(kind.severity),
                since=began,
                text={locale: text(locale)(kind.text) for locale in LOCALES},
                remedy={locale: text(locale)(kind.remedy) for locale in LOCALES},
            ),
        )

    def figures(self, now: float, meeting: SimulatedMeeting | None) -> Mapping[str, float]:
        """Measured numbers; a call warms."""
        busy = self.activity(now, meeting).call == "up"
        sway = math.sin(now / 300.0 + 6.28 * self._lot)
        return {
            "soc_c": round(self._warmth + 3.0 * sway + (14.0 if busy else 0.0), 1),
            "memory_free_mb": round(2700.0 - (450.0 if busy else 0.0) + 20.0 * sway),
            "data_free_percent": round(self._free, 1),
            "link_mbit": 1000.0,
            "link_errors": 0.0,
            "agenda_age_s": round(abs(sway) * 300.0),
        }

    def _hand(self, now: float, meeting: SimulatedMeeting) -> float:
        if self._hand_after is None:
            return 0.0
        raised = meeting.begin + self._hand_after
        return raised if raised <= now < raised + HAND_S else 0.0
