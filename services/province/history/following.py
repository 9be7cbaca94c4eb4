"""From reports to alarms with a beginning and an end: pure, on the rows of one site.

Reports come at least once and not always in their order: after an outage the newest comes first and
then, the oldest first, what the site had kept. A newest report opens and closes; a late one only
mends what lies before the newest.
"""

from collections.abc import Iterable, Mapping

from appliance.wire.alarm import Alarm
from services.province.fleet.readiness import SILENT_KEY
from services.province.storage.history_tables import AlarmEpisode

MOST_ALARMS = 20
"""Of one report; a site has some forty kinds of problem and never twenty at once."""
SLACK_S = 120.0
"""A problem is an alarm only after some patience and bears the hour of its beginning: so long
before it was reported, at most, and so far may two hours of one beginning differ."""
BELIEVED_S = 400 * 86_400.0
"""A beginning that lies further back is a clock's fault."""
LONGEST = {"key": 60, "code": 10, "detail": 200}


def follow_newest(
    site: str, standing: Iterable[AlarmEpisode], alarms: Iterable[Alarm], at: float, helper: str
) -> list[AlarmEpisode]:
    """Close what the site's newest report, of `at`, has no more; the new rows for what is new.

    An alarm that stands goes on, whatever hour of its beginning a restarted program tells.
    """
    told = _by_key(alarms)
    rows = [row for row in standing if row.ended_at is None]
    for row in rows:
        if row.key not in told:
            row.ended_at, row.helper = max(at, row.began_at), helper
    known = {row.key for row in rows}
    return [_row(site, alarm, at, None) for key, alarm in told.items() if key not in known]


def mend(
    site: str, known: Iterable[AlarmEpisode], alarms: Iterable[Alarm], at: float
) -> list[AlarmEpisode]:
    """Take in a report, of `at`, that came after a newer one; the rows of alarms that were missed.

    Their end is that of the last report that had them. One that a newer report found gone was gone
    already where a late one lacks it.
    """
    told = _by_key(alarms)
    rows = list(known)
    for row in rows:
        over = row.ended_at is not None and row.began_at + SLACK_S < at < row.ended_at
        if over and row.key not in told and row.key != SILENT_KEY:
            row.ended_at = at
    made = []
    for key, alarm in told.items():
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
    return row.began_at - SLACK_S <= at and (row.ended_at is None or at <= row.ended_at)


def _begins_with(row: AlarmEpisode, alarm: Alarm) -> bool:
    return abs(row.began_at - alarm.since) <= SLACK_S


def _by_key(alarms: Iterable[Alarm]) -> Mapping[str, Alarm]:
    told: dict[str, Alarm] = {}
    for alarm in alarms:
        if len(told) < MOST_ALARMS:
            told.setdefault(_kept(alarm.key, "key"), alarm)
    return told


def _row(site: str, alarm: Alarm, at: float, ended_at: float | None) -> AlarmEpisode:
    return AlarmEpisode(
        site_id=site,
        key=_kept(alarm.key, "key"),
        code=_kept(alarm.code, "code"),
        severity=alarm.severity,
        text={locale: alarm.text[locale] for locale in ("vi", "en") if locale in alarm.text},
        detail=_kept(alarm.detail, "detail"),
        # A clock that was set since then has made it an hour of another century, or a coming one.
        began_at=alarm.since if at - BELIEVED_S < alarm.since <= at else at,
        ended_at=ended_at,
        helper="",
    )


def _kept(text: str, column: str) -> str:
    # PostgreSQL keeps no zero bytes in a text.
    return text.replace("\0", "")[: LONGEST[column]]
