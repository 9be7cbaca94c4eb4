"""The form of a meeting: its fields as typed, and the draft that they mean."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from appliance.core.message import N_
from services.province.console.openapi import DAY, MINUTES, MOMENT, SECRET, TEXT, TICK, Schema
from services.province.console.repetition import REPEATS
from services.province.console.request import ConsoleRequest
from services.province.errors import WrongInputError
from services.province.schedule.ical import is_possible
from services.province.schedule.meetings import Guests, MeetingDraft
from services.province.storage.tables import Meeting

FIELDS: dict[str, Schema] = {
    "title": TEXT,
    "begin": MOMENT,
    "minutes": MINUTES,
    "repeat": {"type": "string", "enum": list(REPEATS)},
    "until": DAY,
    "address": TEXT,
    "chair": TEXT,
    "chair_pin": TEXT,
    "free": TICK,
    "doors": MINUTES,
    "conference_id": TEXT,
    "conference_pin": SECRET,
    "no_pin": TICK,
}
"""As the form sends them, without the guests."""
_UNTIL = re.compile(r";?UNTIL=([0-9]{8})(?:T[0-9]{6}Z?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MeetingForm:
    """The fields as text, as the page shows them again where one of them is wrong."""

    title: str = ""
    begin: str = ""  # 2026-03-12T14:00, on the wall clock of the province
    minutes: str = "90"
    repeat: str = ""
    until: str = ""  # 2026-12-31
    address: str = ""
    chair: str = ""
    chair_pin: str = ""
    free: bool = False
    doors: str = ""  # minutes before the begin; "": the sites' default
    conference_id: str = ""
    conference_pin: str = field(default="", repr=False)
    """As typed now; the page never has it, and "" leaves the one that there is."""
    has_pin: bool = False
    no_pin: bool = False
    places: frozenset[int] = frozenset()
    sites: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()

    @classmethod
    def read(cls, request: ConsoleRequest) -> "MeetingForm":
        """What came with the request."""
        return cls(
            title=request.field("title"),
            begin=request.field("begin"),
            minutes=request.field("minutes"),
            repeat=request.field("repeat"),
            until=request.field("until"),
            address=request.field("address"),
            chair=request.field("chair"),
            chair_pin=request.field("chair_pin"),
            free=request.field("free") == "yes",
            doors=request.field("doors").strip(),
            conference_id=request.field("conference_id"),
            conference_pin=request.secret("conference_pin"),
            no_pin=request.field("no_pin") == "yes",
            places=_numbers(request.fields("place")),
            sites=frozenset(one for one in re.split(r"[\s,;]+", request.field("sites")) if one),
            groups=_numbers(request.fields("group")),
        )

    @classmethod
    def of(cls, meeting: Meeting, guests: Guests, zone: ZoneInfo) -> "MeetingForm":
        """The form of an existing meeting."""
        until = _UNTIL.search(meeting.rule)
        day = ""
        if until is not None:
            digits = until.group(1)
            day = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
        return cls(
            title=meeting.title,
            begin=field_of(meeting.begin, zone),
            minutes=f"{meeting.length_s / 60:.0f}",
            repeat=_UNTIL.sub("", meeting.rule),
            until=day,
            address=meeting.address,
            chair=meeting.chair,
            chair_pin=meeting.chair_pin,
            free=meeting.free,
            doors="" if meeting.doors_s is None else f"{meeting.doors_s / 60:.0f}",
            conference_id=meeting.conference_id,
            has_pin=meeting.conference_pin != "",
            places=guests.places,
            sites=guests.sites,
            groups=guests.groups,
        )

    @property
    def guests(self) -> Guests:
        """The guests that the form names."""
        return Guests(self.places, self.sites, self.groups)

    def draft(
        self, zone: ZoneInfo, hosts: frozenset[str] = frozenset(), pin: str = ""
    ) -> MeetingDraft:
        """The meeting that is meant, at one of the meeting servers `hosts` (empty: any); raises
        `WrongInputError`. `pin` is the conference's so far: it stays where none was typed."""
        begin = moment(self.begin, zone)
        rule = self.repeat
        if rule and self.until:
            rule += f";UNTIL={_end_of_day(self.until, zone)}"
        return MeetingDraft(
            title=self.title,
            begin=begin,
            length_s=seconds(self.minutes),
            guests=self.guests,
            rule=rule,
            address=self.address,
            chair=self.chair,
            chair_pin=self.chair_pin,
            free=self.free,
            doors_s=seconds(self.doors, "doors") if self.doors else None,
            conference_id=self.conference_id,
            conference_pin=self._pin(pin),
            zone=zone.key,
            hosts=hosts,
        )

    def _pin(self, known: str) -> str:
        if self.no_pin or not self.conference_id.strip():
            return ""
        return self.conference_pin or known


def field_of(at: float, zone: ZoneInfo) -> str:
    """A time (POSIX s) as the value of a field of day and time; "" for a stored one that cannot
    be."""
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%dT%H:%M}" if is_possible(at) else ""


def moment(text: str, zone: ZoneInfo) -> float:
    """POSIX seconds of the value of a field of day and time; raises `WrongInputError`."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError) as error:
        raise WrongInputError(
            N_("“{value}” is no day with an hour."), "begin", value=text[:40]
        ) from error


def seconds(text: str, field: str = "minutes") -> float:
    """The length of a field of minutes; raises `WrongInputError`."""
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise WrongInputError(N_("“{value}” is no number of minutes."), field, value=text[:40])
    return int(text) * 60.0


def _end_of_day(text: str, zone: ZoneInfo) -> str:
    try:
        last = datetime.combine(date.fromisoformat(text), time(23, 59, 59), zone)
    except ValueError as error:
        raise WrongInputError(
            N_("“{value}” is no day, e.g. 12/03/2027."), "until", value=text[:40]
        ) from error
    return f"{last.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _numbers(words: Iterable[str]) -> frozenset[int]:
    return frozenset(int(one) for one in words if re.fullmatch("[0-9]{1,9}", one))
