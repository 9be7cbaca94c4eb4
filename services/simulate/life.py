"""What a made-up site does at any moment: pure, by its number and the hour, believable enough.

The same number lives the same life each time, so a run can be repeated and its outcome counted.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.base.texts import LOCALES, text
from appliance.core.problems import KINDS, ProblemKey
from appliance.wire.alarm import Alarm

ILL_SHARE = 0.12
"""Sites with something wrong for the whole run."""
ILLNESSES = (
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
class Appointment:
    """The one meeting of a run; all in POSIX seconds."""

    uid: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Doing:
    """What the endpoint's fact file would say."""

    phase: str
    meeting: str = ""
    call: str = "down"
    hand_since: float = 0.0


class Life:
    """One site's."""

    def __init__(self, number: int) -> None:
        lot = random.Random(number)  # noqa: S311 - a life, not a secret
        self._joins_after = lot.uniform(0.0, JOIN_SPREAD_S)
        self._hand_after = lot.uniform(60.0, 600.0) if lot.random() < HAND_SHARE else None
        self._warmth = lot.uniform(44.0, 58.0)
        self._free = lot.uniform(70.0, 97.0)
        self._lot = lot.random()
        self._illness = lot.choice(ILLNESSES) if lot.random() < ILL_SHARE else None
        self.serial = f"{lot.getrandbits(64):016x}"

    def doing(self, now: float, meeting: Appointment | None) -> Doing:
        """At `now`."""
        if meeting is None or now >= meeting.end or now < meeting.begin - UPCOMING_S:
            return Doing("idle")
        if now < meeting.begin + self._joins_after:
            return Doing("upcoming", meeting.uid)
        if now < meeting.begin + self._joins_after + JOIN_S:
            return Doing("joining", meeting.uid, "dialing")
        return Doing("in meeting", meeting.uid, "up", self._hand(now, meeting))

    def changes_at(self, now: float, meeting: Appointment | None) -> float:
        """When `doing` is another next; infinity for never."""
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
        if self._illness is None:
            return ()
        kind = KINDS[self._illness]
        return (
            Alarm(
                key=self._illness.value,
                code=kind.code,
                severity=int(kind.severity),
                since=began,
                text={locale: text(locale)(kind.text) for locale in LOCALES},
                remedy={locale: text(locale)(kind.remedy) for locale in LOCALES},
            ),
        )

    def figures(self, now: float, meeting: Appointment | None) -> Mapping[str, float]:
        """Measured numbers; a call warms."""
        busy = self.doing(now, meeting).call == "up"
        sway = math.sin(now / 300.0 + 6.28 * self._lot)
        return {
            "soc_c": round(self._warmth + 3.0 * sway + (14.0 if busy else 0.0), 1),
            "memory_free_mb": round(2700.0 - (450.0 if busy else 0.0) + 20.0 * sway),
            "data_free_percent": round(self._free, 1),
            "link_mbit": 1000.0,
            "link_errors": 0.0,
            "agenda_age_s": round(abs(sway) * 300.0),
        }

    def _hand(self, now: float, meeting: Appointment) -> float:
        if self._hand_after is None:
            return 0.0
        raised = meeting.begin + self._hand_after
        return raised if raised <= now < raised + HAND_S else 0.0
