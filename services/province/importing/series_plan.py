"""Plans the rows that say of a calendar's events what the calendar itself says to a site.

What takes place is worked out by the sites' own reader. Then comes the shortest plan that gives the
same: a meeting; a series with its changed occurrences; or, where neither can say it, a meeting for
each time. Each plan is read back from the feed that it makes before it is believed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from appliance.core.message import N_
from appliance.wire.calendar.event import Event, EventError
from appliance.wire.calendar.series import Occurrence, occurrences
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.meeting import DEFAULT_DOORS_S
from services.province.errors import WrongInputError
from services.province.schedule import ical
from services.province.schedule.meetings import Guests, MeetingDraft, transient
from services.province.storage.tables import OccurrenceChange

BEHIND_S, AHEAD_S = 400 * 86_400.0, 400 * 86_400.0
"""What is compared: a year and a month to either side of today."""
FAR_AHEAD_S = 10 * 366 * 86_400.0
"""Changes of single occurrences are taken as far ahead, and a series that ends is one that does."""
MAX_CHANGES, MAX_SINGLE = 1000, 400
"""Changed occurrences of a series; meetings that stand for a series."""
_UNTAKEN = N_("It repeats in a way that cannot be taken in.")


@dataclass(frozen=True, slots=True)
class PlannedMeeting:
    """One row with its changed occurrences."""

    uid: str
    draft: MeetingDraft
    changes: tuple[OccurrenceChange, ...] = ()


def plan(
    uid: str, group: Sequence[Event], guests: Guests, zone: ZoneInfo, now: float
) -> list[PlannedMeeting]:
    """The rows for the events of one `uid`; none where nothing of it takes place.

    Raises `WrongInputError` where nothing that can be stored says the same.
    """
    begin, end = now - BEHIND_S, max(now + AHEAD_S, _last_named(group, now))
    try:
        wanted = _taking_place(group, begin, end)
        later = _taking_place(group, end, end + FAR_AHEAD_S)
    except EventError as error:
        raise WrongInputError(N_("This event cannot be read: {why}."), why=error) from error
    master = next((event for event in group if event.instance is None), None)
    if master is not None and len(group) == 1 and not (master.repeats or master.excluded):
        return [] if master.cancelled or master.all_day else [_single(uid, master, guests, zone)]
    if master is not None and len(master.rules) == 1 and not master.all_day:
        made = _series(uid, group, master, guests, zone, (begin, end), wanted)
        if made is not None and not (later and any(event.following for event in group)):
            return made
    if later or len(wanted) > MAX_SINGLE:
        raise WrongInputError(_UNTAKEN)
    return [_one_time(found, guests, zone) for found in wanted]


def _taking_place(group: Sequence[Event], begin: float, end: float) -> list[Occurrence]:
    return [
        found
        for found in occurrences(list(group), begin, end)
        if not (found.event.cancelled or found.event.all_day)
    ]


def _last_named(group: Sequence[Event], now: float) -> float:
    """The last moment that any line of the events names, and a day; at most `FAR_AHEAD_S` ahead."""
    named: list[float] = []
    for event in group:
        named.append((event.instance or event.begin).timestamp())
        named += [added.timestamp() for added, _ in event.added]
        for day in event.excluded:
            moment = (
                day if isinstance(day, datetime) else datetime(*day.timetuple()[:3], tzinfo=UTC)
            )
            named.append(moment.timestamp())
    return min(max(named) + 2 * 86_400.0, now + FAR_AHEAD_S)


def _single(uid: str, event: Event, guests: Guests, zone: ZoneInfo) -> PlannedMeeting:
    return PlannedMeeting(uid, _draft(event, event.begin, event.length, guests, zone.key))


def _one_time(found: Occurrence, guests: Guests, zone: ZoneInfo) -> PlannedMeeting:
    begin = datetime.fromtimestamp(found.begin, zone)
    length = timedelta(seconds=found.end - found.begin)
    return PlannedMeeting(found.uid, _draft(found.event, begin, length, guests, zone.key))


def _draft(
    event: Event, begin: datetime, length: timedelta, guests: Guests, zone: str, rule: str = ""
) -> MeetingDraft:
    return MeetingDraft(
        title=event.title,
        begin=begin.timestamp(),
        length_s=length.total_seconds(),
        guests=guests,
        rule=rule,
        address=event.address,
        chair=event.chair[:120].strip(),
        free=event.free,
        doors_s=None if event.doors_s == DEFAULT_DOORS_S else event.doors_s,
        conference_id=event.conference_id,
        conference_pin=event.conference_pin,
        zone=zone,
        imported=True,
    )


def _series(
    uid: str,
    group: Sequence[Event],
    master: Event,
    guests: Guests,
    zone: ZoneInfo,
    window: tuple[float, float],
    wanted: Sequence[Occurrence],
) -> list[PlannedMeeting] | None:
    to_ical: Any = master.rules[0].to_ical  # typed nowhere
    rule = to_ical().decode()
    for key in _zones(master.begin, zone):
        draft = _draft(master, master.begin, master.length, guests, key, rule)
        try:
            meeting = transient(draft, uid)
        except WrongInputError:
            if master.cancelled or not wanted:
                return []
            continue
        by_rule = {one.instance: one for one in ical.occurrences(meeting, (), *window)}
        by_instance = {ical.instance_of(found.uid): found for found in wanted}
        changes = list(_changes(by_rule, by_instance, draft))
        extra = [found for instance, found in by_instance.items() if instance not in by_rule]
        named = sum(1 + len(event.excluded) for event in group)
        if len(changes) > MAX_CHANGES or (len(extra) > MAX_SINGLE):
            continue
        if len(changes) > 4 * named + 4 and key != _key(master.begin):
            continue  # this zone has other hours
        made = [
            PlannedMeeting(uid, draft, tuple(changes)),
            *(_one_time(found, guests, zone) for found in extra),
        ]
        if _read_back(made, window, zone) == sorted(_of(found) for found in wanted):
            return made
    return None


def _changes(
    by_rule: dict[float, ical.Occurrence], wanted: dict[float, Occurrence], draft: MeetingDraft
) -> Iterator[OccurrenceChange]:
    for instance, planned in sorted(by_rule.items()):
        found = wanted.get(instance)
        if found is None:
            yield OccurrenceChange(instance=instance, begin=None, length_s=None, imported=True)
            continue
        event = found.event
        usual_s = DEFAULT_DOORS_S if draft.doors_s is None else draft.doors_s
        own: dict[str, str | bool | float | None] = {
            "title": None if event.title == draft.title else event.title,
            "address": None if event.address == draft.address else event.address,
            "chair": None if event.chair == draft.chair else event.chair[:120],
            "free": None if event.free == draft.free else event.free,
            "doors_s": None if event.doors_s == usual_s else event.doors_s,
        }
        for name in ("conference_id", "conference_pin"):
            told = getattr(event, name)
            own[name] = None if told == getattr(draft, name) else told
        moved = (found.begin, found.end) != (planned.begin, planned.end)
        if moved or any(value is not None for value in own.values()):
            yield OccurrenceChange(
                instance=instance, begin=found.begin, length_s=found.end - found.begin,
                imported=True, **own,
            )  # fmt: skip


def _read_back(
    made: Sequence[PlannedMeeting], window: tuple[float, float], zone: ZoneInfo
) -> list[tuple[object, ...]]:
    """What a site would see of these rows."""
    entries = [ical.Entry(transient(one.draft, one.uid), one.changes) for one in made]
    return sorted(
        (
            one.begin,
            one.end,
            one.title,
            one.address,
            one.chair,
            one.free,
            one.doors_s,
            *_codes(one.codes),
        )
        for one in ical.read_entries(entries, *window, zone)
    )


def _of(found: Occurrence) -> tuple[object, ...]:
    event = found.event
    chair = event.chair[:120].strip()
    codes = (event.conference_id, event.conference_pin)
    said = (event.title, event.address, chair, event.free, event.doors_s)
    return (found.begin, found.end, *said, *codes)


def _codes(codes: ConferenceCodes | None) -> tuple[str, str]:
    return ("", "") if codes is None else (codes.number, codes.pin)


def _zones(begin: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Names of the tz database whose clock the series may go by, the likeliest first."""
    key = _key(begin)
    if key:
        yield key
        return
    offsets = _offsets(begin)
    for name in (zone.key, *_all_zones()):
        if _offsets(begin.replace(tzinfo=ZoneInfo(name))) == offsets:
            yield name


def _key(begin: datetime) -> str:
    return begin.tzinfo.key if isinstance(begin.tzinfo, ZoneInfo) else ""


def _offsets(begin: datetime) -> tuple[timedelta | None, ...]:
    """The offsets of a year, by quarters."""
    return tuple(
        begin.replace(year=begin.year + year, month=month, day=15).utcoffset()
        for year in (0, 1)
        for month in (1, 4, 7, 11)
    )


@cache
def _all_zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name))
