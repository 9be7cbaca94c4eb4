"""Turns reports into alarm episodes with a begin and an end: pure, on the rows of one site.

Reports come at least once and not always in order: after an outage the newest comes first, then
the kept ones, the oldest first. A newest report opens and closes episodes; a late one corrects only
what lies before the newest.
"""

from collections.abc import Iterable, Mapping

from appliance.wire.alarm import Alarm
from services.province.fleet.readiness import SILENT_KEY
from services.province.storage.history_tables import AlarmEpisode

MAX_ALARMS = 20
"""Of one report; a site has some forty kinds of problem and never twenty at once."""
MAX_DELAY_S = 120.0
"""A problem becomes an alarm only after a while and has the time of its begin: at most so long
before it was reported. Two times of one begin may differ by as much."""
MAX_AGE_S = 400 * 86_400.0
"""A begin that lies further back comes from a wrong clock."""
MAX_LETTERS = {"key": 60, "code": 10, "detail": 200}


def apply_newest(
    site: str, active: Iterable[AlarmEpisode], alarms: Iterable[Alarm], at: float, helper: str
) -> list[AlarmEpisode]:
    """Close what the site's newest report, of `at`, has no more; returns rows for what is new.

    An active alarm goes on, whatever time of its begin a restarted program reports.
    """
    reported = _by_key(alarms)
    rows = [row for row in active if row.ended_at is None]
    for row in rows:
        if row.key not in reported:
            row.ended_at, row.helper = max(at, row.began_at), helper
    known = {row.key for row in rows}
    return [_row(site, alarm, at, None) for key, alarm in reported.items() if key not in known]


def apply_late(
    site: str, known: Iterable[AlarmEpisode], alarms: Iterable[Alarm], at: float
) -> list[AlarmEpisode]:
    """Take in a report, of `at`, that came after a newer one; returns rows of alarms it adds.

    Such an alarm ends with the last report that has it. One that a newer report no longer had ended
    earlier where a late report lacks it.
    """
    reported = _by_key(alarms)
    rows = list(known)
    for row in rows:
        over = row.ended_at is not None and row.began_at + MAX_DELAY_S < at < row.ended_at
        if over and row.key not in reported and row.key != SILENT_KEY:
            row.ended_at = at
    made = []
    for key, alarm in reported.items():
        mine = [row for row in rows if row.key == key]
        if any(_covers(row, at) for row in mine):
            continue
        begun = next((row for row in mine if _begins_with(row, alarm)), None)
        if begun is None:
            made.append(_row(site, alarm, at, at))
        elif begun.ended_at is not None:
            begun.ended_at = max(begun.ended_at, at)
    return made


def _covers(row: AlarmEpisode, at: float) -> bool:
    return row.began_at - MAX_DELAY_S <= at and (row.ended_at is None or at <= row.ended_at)


def _begins_with(row: AlarmEpisode, alarm: Alarm) -> bool:
    return abs(row.began_at - alarm.since) <= MAX_DELAY_S


def _by_key(alarms: Iterable[Alarm]) -> Mapping[str, Alarm]:
    reported: dict[str, Alarm] = {}
    for alarm in alarms:
        if len(reported) < MAX_ALARMS:
            reported.setdefault(_storable(alarm.key, "key"), alarm)
    return reported


def _row(site: str, alarm: Alarm, at: float, ended_at: float | None) -> AlarmEpisode:
    return AlarmEpisode(
        site_id=site,
        key=_storable(alarm.key, "key"),
        code=_storable(alarm.code, "code"),
        severity=alarm.severity,
        text={locale: alarm.text[locale] for locale in ("vi", "en") if locale in alarm.text},
        detail=_storable(alarm.detail, "detail"),
        # A clock that was set since then may have given it a time in the far past or in the future.
        began_at=alarm.since if at - MAX_AGE_S < alarm.since <= at else at,
        ended_at=ended_at,
        helper="",
    )


def _storable(text: str, column: str) -> str:
    # PostgreSQL keeps no zero bytes in a text.
    return text.replace("\0", "")[: MAX_LETTERS[column]]
