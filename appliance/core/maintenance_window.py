"""May this box download, install or restart now: never so that a meeting notices it.

One rule, for a release from an address and from a stick. From top to bottom, the first that holds:

* support is at work at the box: no restart;
* the box has no settings: it is no site yet, and nothing has to be waited for;
* the box is in rescue: no meeting can be on, so it may download and install;
* the endpoint's phase is another than idle: wait;
* the clock is not trusted: nobody can say that no meeting is near, so nothing is done by itself.
  Somebody at the box may; a site whose network has no time server would otherwise never take the
  remedy;
* no download and no install from 30 minutes before a meeting's doors until its end: the line is
  tested then, and people begin to use it;
* no restart from 2 hours before a meeting's doors until its end: a restart that fails must leave
  somebody the time to find out and to telephone.

From its doors on and in its overrun a site is in the meeting, which its phase says.

Only meetings that name an address count: an all-day entry of the calendar that nobody can join must
not keep a site from its updates for ever. A meeting that was hung up by hand does count, since Join
takes the hang-up back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from appliance.core.decision import NEAR_S, Phase
from appliance.wire.facts import MeetingTime

SILENT = "the endpoint does not say what it is doing"
SUPPORT = "support is at work at the box"
NO_CLOCK = "the clock is not trusted, so it is not known whether a meeting is near"


class Work(StrEnum):
    """What a meeting could notice."""

    DOWNLOAD = "download"
    """An install over the line that the meeting needs."""
    INSTALL = "install"
    """From a file: the card and the processor are busy for some minutes."""
    RESTART = "restart"


LEAD_S: Mapping[Work, float] = {
    Work.DOWNLOAD: 30 * 60.0,
    Work.INSTALL: 30 * 60.0,
    Work.RESTART: 2 * 3600.0,
}
"""How long before a meeting's doors each has to be over."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known of a box and its meetings."""

    settings: bool
    """It has settings: it is a site, and an endpoint runs."""
    phase: str | None = None
    """A value of `core.decision.Phase`; None while the endpoint is silent."""
    meetings: tuple[MeetingTime, ...] = ()
    """Those of the next day that name an address, as the endpoint tells them."""
    clock_trusted: bool = False
    support: bool = False
    """Somebody is at work in the support shell."""
    rescue: bool = False
    """Start after start has failed (`core.rescue`)."""
    attended: bool = False
    """Somebody stands at the box and wants this."""


def why_wait(work: Work, activity: Activity, now: float) -> str:
    """Why `work` has to wait at `now` (POSIX s), for the journal; "" where it may go on.

    `SILENT` where only the endpoint could say: the caller decides for how long it is waited for.
    """
    if work is Work.RESTART and activity.support:
        return SUPPORT
    if not activity.settings or (activity.rescue and work is not Work.RESTART):
        return ""
    if reason := _phase(activity.phase):
        return reason
    if not activity.clock_trusted:
        return "" if activity.attended else NO_CLOCK
    return _meeting(work, activity.meetings, now)


def _phase(phase: str | None) -> str:
    if phase is None:
        return SILENT
    if phase == Phase.UPCOMING:
        return f"a meeting begins within {NEAR_S / 60:.0f} minutes"
    if phase == Phase.LEFT:
        return "a hand has left a meeting that goes on, and may come back"
    return "" if phase == Phase.IDLE else f"the site is {phase}"


def _meeting(work: Work, meetings: tuple[MeetingTime, ...], now: float) -> str:
    lead_s = LEAD_S[work]
    near = [one for one in meetings if one.begin - one.doors_s - lead_s <= now < one.end]
    if not near:
        return ""
    first = min(near, key=lambda one: (one.begin, one.end))
    if first.begin <= now:
        return f"the meeting of {_moment(first.begin)} lasts until {_moment(first.end)}"
    return f"a meeting begins at {_moment(first.begin)}; no {work} from {_span(lead_s)} before it"


def _span(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.0f} hours" if hours >= 1 else f"{seconds / 60:.0f} minutes"


def _moment(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, OSError, ValueError):  # no year has it
        return "a time that no calendar has"
