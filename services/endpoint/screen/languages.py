"""Two languages at once, and times in the words that people use."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from appliance.base.texts import Texts, text
from appliance.core.message import N_

_TODAY = N_("Today")
_TOMORROW = N_("Tomorrow")
_MINUTE_S = 60
_HOUR_S = 3600


@dataclass(frozen=True, slots=True, eq=False)
class Languages:
    """The language that is read first and large, and the one beside it."""

    first: Texts
    second: Texts


@cache
def languages(locale: str) -> Languages:
    """Vietnamese first with English beside it, or for ``en`` the other way round."""
    return (
        Languages(text("en"), text("vi")) if locale == "en" else Languages(text("vi"), text("en"))
    )


def time_of_day(at: datetime) -> str:
    """14:05, as the whole country writes it."""
    return f"{at:%H:%M}"


def day(texts: Texts, of: date, today: date | None) -> str:
    """Today, tomorrow, or the weekday with its date; only the date where today is not known."""
    if of == today:
        return texts(_TODAY)
    if today is not None and of == today + timedelta(days=1):
        return texts(_TOMORROW)
    return texts.date(of)


def day_and_time(texts: Texts, at: datetime, now: datetime | None) -> str:
    """Hôm nay 14:00."""
    return f"{day(texts, at.date(), now.date() if now else None)} {time_of_day(at)}"


def countdown(seconds: int) -> str:
    """4:32, and above an hour 1:04:32."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(texts: Texts, seconds: int) -> str:
    """12 giây, 3 phút, 2 giờ, 5 ngày: as exact as people say it."""
    if seconds < _MINUTE_S:
        return texts.ngettext("{number} second", "{number} seconds", seconds)
    if seconds < _HOUR_S:
        return texts.ngettext("{number} minute", "{number} minutes", seconds // _MINUTE_S)
    if seconds < 24 * _HOUR_S:
        return texts.ngettext("{number} hour", "{number} hours", seconds // _HOUR_S)
    return texts.ngettext("{number} day", "{number} days", seconds // (24 * _HOUR_S))
