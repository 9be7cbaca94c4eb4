"""Pages from templates: Vietnamese first with English beside it, times in the province's zone."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from appliance.base.texts import text
from appliance.core.message import N_
from appliance.wire.address import shown
from appliance.wire.letters import visible
from appliance.wire.meeting import DEFAULT_DOORS_S
from services.province.accounts import Role
from services.province.fleet.readiness import Reason, State
from services.province.schedule.ical import MIN_TIME, is_possible

TEMPLATES = Path(__file__).parent / "templates"
STATES = {
    State.READY: N_("ready"),
    State.MEETING: N_("in the meeting"),
    State.HELP: N_("needs help"),
    State.SILENT: N_("silent"),
    State.LATE: N_("late"),
    State.COMING: N_("coming in"),
    State.UNTESTED: N_("not tested"),
    State.NEVER: N_("never installed"),
}
PERIODS = {
    "waiting": N_("waits for the opening"),
    "overtime": N_("over time"),
    "left": N_("left by hand"),
}
"""What of a meeting a site is in, as it reports it (docs/wire.md); others are passed over."""
ROLES = {
    Role.VIEWER: N_("viewer"),
    Role.OPERATOR: N_("operator"),
    Role.CHAIR: N_("chair"),
    Role.ADMINISTRATOR: N_("administrator"),
}
SEVERITIES = {
    3: N_("no meeting possible"),
    2: N_("something is missing"),
    1: N_("the site copes"),
}
MAX_TIME = 253_402_128_000.0
"""POSIX seconds: the last day of the year 9999 has not begun anywhere on Earth."""
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def both(message: str, **values: object) -> Markup:
    """A text of the catalogue in both languages."""
    return bilingual(text("vi")(message, **values), text("en")(message, **values))


def bilingual(first: str, second: str) -> Markup:
    """Vietnamese, and English smaller beside it where it is another."""
    if not second or second == first:
        return escape(first)
    return Markup('{} <small lang="en">{}</small>').format(first, second)


def vi(message: str, **values: object) -> str:
    """A text of the catalogue where there is room for one language only."""
    return text("vi")(message, **values)


def duration(seconds: float | None, locale: str = "vi") -> str:
    """As people say it, in one unit: 12 giây, 3 phút, 2 giờ."""
    whole = int(min(max(0.0, seconds or 0.0), MAX_TIME))
    words = text(locale)
    if whole < _MINUTE_S:
        return words.ngettext("{number} second", "{number} seconds", whole)
    if whole < _HOUR_S:
        return words.ngettext("{number} minute", "{number} minutes", whole // _MINUTE_S)
    if whole < _DAY_S:
        return words.ngettext("{number} hour", "{number} hours", whole // _HOUR_S)
    return words.ngettext("{number} day", "{number} days", whole // _DAY_S)


def _with_age(message: str, seconds: float, **values: object) -> Markup:
    """A text with an ``{age}`` in it, each language with its own words for it."""
    first, second = (
        text(locale)(message, age=duration(seconds, locale), **values) for locale in ("vi", "en")
    )
    return bilingual(first, second)


def reason(one: Reason) -> Markup:
    """Why a site is not ready: our own text, or the site's own words."""
    if one.age_s is not None:
        return _with_age(one.text, one.age_s)
    if one.text_en:
        return bilingual(one.text, one.text_en)
    # Without values to fill in: a site's own text may hold braces.
    return bilingual(text("vi")(one.text), text("en")(one.text))


def remedy(one: Reason) -> Markup:
    """What to do about it."""
    if one.remedy_en:
        return bilingual(one.remedy, one.remedy_en)
    return bilingual(text("vi")(one.remedy), text("en")(one.remedy))


class Pages:
    """The templates of one province."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def render(self, template: str, now: float, **values: Any) -> str:
        """The page; relative times count from `now` (POSIX s)."""
        environment = _environment()
        local = {
            "now": now,
            "clock_time": lambda at: f"{self._local(at):%H:%M}",
            "day": self._day,
            "moment": lambda at: f"{self._local(at):%H:%M:%S %d/%m/%Y}",
            "field_time": lambda at: f"{self._local(at):%Y-%m-%dT%H:%M}",
            "when": self._when(now),
            "age": lambda at: duration(now - at),
            "aged": lambda message, at: _with_age(message, now - at),
            "today": lambda at: self._local(at).date() == self._local(now).date(),
        }
        html = environment.get_template(template).render(**local, **values)
        return visible(html)  # whatever an old row holds

    def _local(self, at: float) -> datetime:
        # A stored time that cannot be must not cost the page; it is named there.
        return datetime.fromtimestamp(at if is_possible(at) else MIN_TIME, self._zone)

    def _when(self, now: float) -> Callable[[float], str]:
        """Formats a time, with the day where it is not today."""
        today = self._local(now).date()

        def when(at: float) -> str:
            local = self._local(at)
            return f"{local:%H:%M}" if local.date() == today else f"{local:%H:%M %d/%m}"

        return when

    def _day(self, at: float) -> str:
        return text("vi").date(self._local(at).date())


def _doors_minutes(doors_s: float | None) -> int:
    return round((DEFAULT_DOORS_S if doors_s is None else doors_s) / 60)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    functions: Mapping[str, Any] = {
        "_": both,
        "N_": lambda message: message,
        "vi": vi,
        "reason": reason,
        "remedy": remedy,
        "state_word": lambda state: both(STATES[state]),
        "severity_word": lambda level: both(SEVERITIES[level]),
        "role_word": lambda role: both(ROLES[Role(role)]),
        "states": list(State),
        "role_text": lambda role: ROLES[Role(role)],
        "roles": list(Role),
        "shown": shown,
        "doors_minutes": _doors_minutes,
        "period_word": lambda period: both(PERIODS[period]) if period in PERIODS else "",
        "duration": duration,
        "with_age": _with_age,
    }
    environment.globals.update(functions)
    return environment
