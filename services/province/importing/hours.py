"""Days and hours as offices write them: "Thứ Sáu, 12/03/2027", "14 giờ 30", "2:00 CH"."""

import re
from datetime import date, datetime, time, timedelta

from appliance.core.message import N_
from services.province.errors import WrongInputError
from services.province.importing.table import SHEET_ERROR, UNWORKED, Cell, plain

_EXCEL_DAY = date(1899, 12, 30)
_DAY_FIRST = re.compile(
    r"(?<![\d/.-])(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4}(?!\d)|\d{2}(?!\d|[/.-]\d))"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_IN_WORDS = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2}) nam (\d{4})")
_WEEKDAYS = ("hai", "ba", "tu", "nam", "sau", "bay")
_HOUR = re.compile(
    r"(?<![\d:])(\d{1,2})\s*(?:(?::|\.|h(?:r|rs)?|g(?:io)?|giờ|giò)\s*(\d{1,2})?(?:\s*[:.]\s*\d{2})?"
    r"\s*(?:'|’|p(?:hút|hut)?)?)?\s*"
    r"(am|pm|sa|ch|sáng|sang|chiều|chieu|tối|toi|trưa|trua)?(?![\w:])",
    re.IGNORECASE,
)
_HALF = r"sáng|sang|chiều|chieu|tối|toi|trưa|trua"
_HALF_FIRST = re.compile(rf"^\s*(?:buổi\s+)?({_HALF})\s*[:,–-]?\s*(?=.*\d)", re.IGNORECASE)
_IN_BRACKETS = re.compile(rf"[(]\s*({_HALF})\s*[)]", re.IGNORECASE)
_TENTH = re.compile(r"(?<!\d)\d{1,2}\.\d(?!\d)")
"""14.3: a sheet makes it of 14.30, and half past two is 14.5; nobody can know."""
MIN_YEAR, MAX_YEAR = 2000, 2100
"""What lies outside is mistyped."""
_AFTERNOON = {"pm", "ch", "chiều", "chieu", "tối", "toi"}
_BETWEEN = re.compile(r"(?:từ|tu|đến|den|tới|toi|lúc|luc|–|—|-|->|\s|,|;)*", re.IGNORECASE)
_NO_DAY = N_("“{value}” is no day, e.g. 12/03/2027.")
_REMEDY = N_("“{value}” is no hour, e.g. 14:00.")


def day_of(value: Cell) -> date:
    """The day of a cell; raises `WrongInputError` where it names none, or more than one."""
    if isinstance(value, datetime):
        return _meant(value.date())
    if isinstance(value, date):
        return _meant(value)
    if isinstance(value, float) and 1 <= value < 100_000:
        return _meant(_EXCEL_DAY + timedelta(days=int(value)))
    text = str(value).strip()
    _refuse_error(text, "day")
    wrong = WrongInputError(_NO_DAY, "day", value=text[:40])
    found = [(m[3], m[2], m[1]) for m in _DAY_FIRST.finditer(text)]  # as the whole country writes
    found += [(m[1], m[2], m[3]) for m in _YEAR_FIRST.finditer(text)]
    found += [(m[3], m[2], m[1]) for m in _IN_WORDS.finditer(plain(text))]
    if len(found) != 1:
        raise wrong
    year, month, day = (int(part) for part in found[0])
    try:
        said = date(year + 2000 if year < 100 else year, month, day)
    except ValueError as error:
        raise wrong from error
    weekday = _weekday(text)
    if weekday is not None and weekday != said.weekday():
        raise WrongInputError(
            N_("“{value}”: the weekday does not go with the date."), "day", value=text[:40]
        )
    return _meant(said)


def _meant(day: date) -> date:
    if not MIN_YEAR <= day.year <= MAX_YEAR:
        raise WrongInputError(_NO_DAY, "day", value=f"{day:%d/%m}/{day.year}")
    return day


def hours_of(value: Cell, name: str) -> tuple[time, time | None]:
    """The hour of a cell, and the end where it holds two ("14:00 - 16:00"); raises
    `WrongInputError`."""
    if isinstance(value, datetime):
        return value.time().replace(second=0, microsecond=0), None
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0), None
    if isinstance(value, float) and 0 <= value < 1:
        minutes = round(value * 24 * 60)
        return time(minutes // 60 % 24, minutes % 60), None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = text.strip()
    _refuse_error(text, name)
    wrong = WrongInputError(_REMEDY, name, value=text[:40])
    first = _HALF_FIRST.search(text)
    text = _IN_BRACKETS.sub(r"\1", text[first.end() :] if first else text)
    found = list(_HOUR.finditer(text))
    rest = _HOUR.sub(" ", text)
    odd = re.search(r"[:.]\s*[:.]|^\s*[-–—]", text)
    if not 1 <= len(found) <= 2 or odd or _TENTH.search(text) or not _BETWEEN.fullmatch(rest):
        raise wrong
    halves = [match[3] for match in found]
    if first and halves[0] is None:
        halves[0] = first[1]
    if len(found) == 2 and halves[0] is None:
        halves[0] = halves[1] if (halves[1] or "").lower() in {"sáng", "sang", "am", "sa"} else None
    try:
        hours = [_hour(match, half) for match, half in zip(found, halves, strict=True)]
    except ValueError as error:
        raise wrong from error
    return hours[0], hours[1] if len(hours) == 2 else None


def _hour(match: "re.Match[str]", half: str | None) -> time:
    hour, minute, said = int(match[1]), int(match[2] or 0), (half or "").lower()
    noon = said in {"trưa", "trua"}
    if (said in _AFTERNOON and 1 <= hour < 12 and not noon) or (noon and hour < 4):
        hour += 12
    elif said in {"am", "sa"} and hour == 12:
        hour = 0
    return time(hour, minute)


def _weekday(text: str) -> int | None:
    """0 for Monday; None where no weekday is written."""
    words = plain(text)
    if re.search(r"\bchu nhat\b|\bcn\b", words):
        return 6
    found = re.search(r"\b(?:thu|t)\s?(hai|ba|tu|nam|sau|bay|[2-7])\b", words)
    if found is None:
        return None
    return int(found[1]) - 2 if found[1].isdigit() else _WEEKDAYS.index(found[1])


def _refuse_error(text: str, name: str) -> None:
    if SHEET_ERROR.fullmatch(text.upper()):
        raise WrongInputError(
            UNWORKED,
            name,
            value=text,
        )
