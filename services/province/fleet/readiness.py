"""Whether a site is ready: pure, from its last reports, its last test and the time.

A report counts only while it is fresh: a dead box must never keep a green mark. Nor does a box that
nobody has tried: it is ready where a self-test or a rehearsal passed that is not too old.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.core.decision import Phase
from appliance.core.message import N_
from appliance.core.problems import KINDS
from services.province.fleet.arrivals import BY_HAND, LATE, LATE_REMEDY, Expected

SILENT_AFTER_S = 190.0
"""Three missed reports of the ordinary minute, and the time that the last needs to arrive."""
SILENT_NEAR_S = 75.0
"""Near a meeting a site reports every 10 s; one that has not learnt of it yet, each minute."""
NEAR_MEETING_S = 15 * 60.0
MAX_REASONS = 8

NEVER_HEARD = N_("Nothing was ever heard from this site.")
NEVER_REMEDY = N_("Plug it in and approve it; its card must be made for this province.")
SILENT_KEY = "silent"
"""A key of alarm episodes that no site reports of itself."""
SILENT = N_("Nothing has been heard from this site for {age}.")
WENT = N_("The site said that it is switched off.")
SILENT_REMEDY = N_("Call the commune: is the power on, is the network cable in?")
IDENTITY = "identity"
"""A report that no site makes: two devices speak with its certificate."""
COPIED = N_("Two devices report as this site.")
COPIED_REMEDY = N_("Revoke its certificate and let the right device in anew.")
COPIED_S = 24 * 3600.0
FLOOD = "flood"
"""A report that no site makes: it sends more than the program takes (`broker/site_bounds.py`)."""
FLOODS = N_("The site sends far more reports than it should.")
FLOODS_REMEDY = N_("Restart the device; if it goes on, take its certificate back.")
FLOODED_S = 15 * 60.0
OWN_FINDINGS = {
    IDENTITY: (COPIED, COPIED_REMEDY, COPIED_S),
    FLOOD: (FLOODS, FLOODS_REMEDY, FLOODED_S),
}
"""Text, remedy, and for how long it is shown after it was last found."""
UNKNOWN_REASON = N_("The site reports a fault.")
UNKNOWN_REMEDY = N_("Call the commune and let them read the code on the TV.")


TESTED_WITHIN_S = 24 * 3600.0
"""A test that passed counts for so long, unless the province's settings say otherwise."""
NOT_TESTED = N_("No self-test and no rehearsal within {age}.")
NOT_TESTED_REMEDY = N_("Start the rehearsal on the meeting's page, or hold the button at the site.")
TEST_FAILED = N_("The last test did not pass.")
GOOD = "good"
"""The result of a test that found nothing."""
_KINDS_BY_CODE = {kind.code: kind for kind in KINDS.values()}


class State(StrEnum):
    """Whether a site is ready for a meeting; the order is that of urgency."""

    SILENT = "silent"
    HELP = "help"
    LATE = "late"  # the doors are open, its own moment is over, and it is not in
    COMING = "coming"  # the doors are open, and its own moment comes or has just been
    UNTESTED = "untested"
    READY = "ready"
    MEETING = "meeting"
    NEVER = "never"  # nothing was ever heard of it: its box was never installed


@dataclass(frozen=True, slots=True)
class LastTest:
    """A site's newest self-test or rehearsal: ``result`` is "good" or codes, with commas."""

    at: float
    result: str

    @property
    def passed(self) -> bool:
        """Whether it found nothing."""
        return self.result == GOOD


@dataclass(frozen=True, slots=True)
class LatestReport:
    """A site's last report of one kind: by its clock, by ours, and its fields."""

    at: float
    received_at: float
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a site from being ready, and what to do; texts of both languages.

    ``age_s`` fills ``{age}`` in our own texts; what a site says comes in its own words.
    """

    text: str
    remedy: str
    code: str = ""
    severity: int = 3
    since: float = 0.0
    text_en: str = ""
    remedy_en: str = ""
    detail: str = ""
    age_s: float | None = None


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """What the console shows of a site. ``notes`` are problems that the site copes with.

    A site in the meeting that has reasons needs help *and* is in the meeting.
    """

    state: State
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    heard_at: float | None = None
    phase: str = ""
    meeting: str = ""
    hand_since: float = 0.0
    in_meeting: bool = False
    period: str = ""
    """``waiting``, ``overtime`` or ``left``, where it says so (docs/wire.md)."""

    @property
    def alarms(self) -> tuple[Reason, ...]:
        """What is wrong with it; that nobody has tried it is no alarm."""
        return self.notes if self.state is State.UNTESTED else (*self.reasons, *self.notes)


def is_near(now: float, begin: float | None, end: float | None) -> bool:
    """Whether the quarter hour before a meeting, or the meeting, is on."""
    return begin is not None and end is not None and begin - NEAR_MEETING_S <= now < end


def site_status(
    reports: Mapping[str, LatestReport],
    now: float,
    *,
    close: bool = False,
    test: LastTest | None = None,
    tested_within_s: float = TESTED_WITHIN_S,
    arrival: Expected | None = None,
) -> SiteStatus:
    """The status of one site; `reports` by kind, `close`: a meeting is near or on.

    `arrival` is when it comes in, where it is invited to a meeting whose doors are open.
    """
    presence = reports.get("presence")
    away = presence is not None and presence.state.get("online") is False
    went = away and presence is not None and presence.state.get("reason") == "stopping"
    own = {kind: report for kind, report in reports.items() if kind not in OWN_FINDINGS}
    if away and not went and len(own) > 1:
        del own["presence"]  # its will comes from the broker, a minute after its own last report
    newest = max((report.received_at for report in own.values()), default=None)
    if newest is None:
        return SiteStatus(State.NEVER, (Reason(NEVER_HEARD, NEVER_REMEDY),))
    age = max(0.0, now - newest)
    if away:
        why = WENT if went else SILENT
        return SiteStatus(State.SILENT, (Reason(why, SILENT_REMEDY, age_s=age),), heard_at=newest)
    if age > (SILENT_NEAR_S if close else SILENT_AFTER_S):
        return SiteStatus(
            State.SILENT, (Reason(SILENT, SILENT_REMEDY, age_s=age),), heard_at=newest
        )
    health, meeting, hand = reports.get("health"), reports.get("meeting"), reports.get("hand")
    alarms = _alarms(health.state if health is not None else {})
    for kind, (text, remedy, shown_s) in OWN_FINDINGS.items():
        found = reports.get(kind)
        if found is not None and now - found.received_at < shown_s:
            detail = _word(found.state, "reason")
            alarms.insert(0, Reason(text, remedy, since=found.at, detail=detail))
    phase = _word(meeting.state, "phase") if meeting is not None else ""
    in_meeting = phase == Phase.IN_MEETING
    period = _word(meeting.state, "period") if meeting is not None else ""
    expected = arrival if not in_meeting and period != BY_HAND else None
    late_s = 0.0
    if expected is not None:
        late_s = expected.late_s(now, presence.at if presence is not None else None, phase, period)
    fresh = test if test is not None and now - test.at < tested_within_s else None
    if not in_meeting and fresh is not None:
        alarms += _test_reasons(fresh, {alarm.code for alarm in alarms})
    reasons = tuple(alarm for alarm in alarms if alarm.severity >= 2)
    notes = tuple(alarm for alarm in alarms if alarm.severity < 2)
    state = State.MEETING if in_meeting else State.READY
    if reasons:
        state = State.HELP
    elif late_s > 0.0:
        state = State.LATE
        reasons = (Reason(LATE, LATE_REMEDY, severity=2, age_s=late_s),)
    elif expected is not None:
        state = State.COMING
    elif not in_meeting and (fresh is None or not fresh.passed):
        state = State.UNTESTED
        reasons = (Reason(NOT_TESTED, NOT_TESTED_REMEDY, age_s=tested_within_s),)
    return SiteStatus(
        state,
        reasons,
        notes,
        newest,
        phase,
        _word(meeting.state, "meeting") if meeting is not None else "",
        _since(hand.state) if hand is not None else 0.0,
        in_meeting,
        period,
    )


def _test_reasons(test: LastTest, known: Set[str]) -> list[Reason]:
    """What the last test found, but for what the site reports by itself now."""
    if test.passed:
        return []
    codes = [code.strip() for code in test.result.split(",")][:MAX_REASONS]
    kinds = [_KINDS_BY_CODE[code] for code in codes if code in _KINDS_BY_CODE]
    if not kinds:
        return [Reason(TEST_FAILED, UNKNOWN_REMEDY, since=test.at, detail=test.result, severity=2)]
    return [
        Reason(kind.text, kind.remedy, kind.code, max(2, int(kind.severity)), since=test.at)
        for kind in kinds
        if kind.code not in known
    ]


def _alarms(state: Mapping[str, Any]) -> list[Reason]:
    listed = state.get("alarms")
    alarms = [
        Reason(
            text=_translation(one, "text", "vi") or _word(one, "key") or UNKNOWN_REASON,
            remedy=_translation(one, "remedy", "vi") or UNKNOWN_REMEDY,
            code=_word(one, "code"),
            severity=known_severity(one.get("severity")),
            since=_number(one, "since"),
            text_en=_translation(one, "text", "en"),
            remedy_en=_translation(one, "remedy", "en"),
            detail=_word(one, "detail"),
        )
        for one in (listed if isinstance(listed, list) else [])[:MAX_REASONS]
        if isinstance(one, dict)
    ]
    return sorted(alarms, key=lambda alarm: -alarm.severity)


def known_severity(value: object) -> int:
    """1 to 3, as an alarm's row of whatever release has it; 2 for what is none."""
    return value if type(value) is int and value in (1, 2, 3) else 2


def _since(state: Mapping[str, Any]) -> float:
    return _number(state, "since") if state.get("up") is True else 0.0


def _word(state: Mapping[str, Any], key: str) -> str:
    value = state.get(key)
    return value[:300] if isinstance(value, str) else ""


def _number(state: Mapping[str, Any], key: str) -> float:
    value = state.get(key)
    return float(value) if isinstance(value, int | float) else 0.0


def _translation(state: Mapping[str, Any], key: str, locale: str) -> str:
    texts = state.get(key)
    return _word(texts, locale) if isinstance(texts, dict) else ""
