"""Whether a site is ready: pure, from its last reports and the time.

A report counts only while it is fresh: a dead box must never keep a green mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.core.message import N_

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


class State(StrEnum):
    """Whether a site is ready for a meeting; the order is that of urgency."""

    SILENT = "silent"
    HELP = "help"
    READY = "ready"
    MEETING = "meeting"


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
    """What the console shows of a site. ``notes`` are problems that the site copes with."""

    state: State
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    heard_at: float | None = None
    phase: str = ""
    meeting: str = ""
    hand_since: float = 0.0


def is_near(now: float, begin: float | None, end: float | None) -> bool:
    """Whether the quarter hour before a meeting, or the meeting, is on."""
    return begin is not None and end is not None and begin - NEAR_MEETING_S <= now < end


def site_status(
    reports: Mapping[str, LatestReport], now: float, *, close: bool = False
) -> SiteStatus:
    """The status of one site; `reports` by kind, `close`: a meeting is near or on."""
    presence = reports.get("presence")
    away = presence is not None and presence.state.get("online") is False
    went = away and presence is not None and presence.state.get("reason") == "stopping"
    own = {kind: report for kind, report in reports.items() if kind not in OWN_FINDINGS}
    if away and not went and len(own) > 1:
        del own["presence"]  # its will comes from the broker, a minute after its own last report
    newest = max((report.received_at for report in own.values()), default=None)
    if newest is None:
        return SiteStatus(State.SILENT, (Reason(NEVER_HEARD, NEVER_REMEDY),))
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
    reasons = tuple(alarm for alarm in alarms if alarm.severity >= 2)
    phase = _word(meeting.state, "phase") if meeting is not None else ""
    state = State.HELP if reasons else State.READY
    if phase == "in meeting" and not any(reason.severity >= 3 for reason in reasons):
        state = State.MEETING
    return SiteStatus(
        state,
        reasons,
        tuple(alarm for alarm in alarms if alarm.severity < 2),
        newest,
        phase,
        _word(meeting.state, "meeting") if meeting is not None else "",
        _since(hand.state) if hand is not None else 0.0,
    )


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
