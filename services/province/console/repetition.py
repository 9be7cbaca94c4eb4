"""How a meeting repeats, in words: an RRULE (RFC 5545, section 3.3.10) is no text for people."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from markupsafe import Markup

from appliance.base.texts import text
from appliance.core.message import N_
from services.province.console.render import bilingual

REPEATS = {
    "": N_("once"),
    "FREQ=DAILY": N_("every day"),
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": N_("every working day"),
    "FREQ=WEEKLY": N_("every week"),
    "FREQ=WEEKLY;INTERVAL=2": N_("every two weeks"),
    "FREQ=MONTHLY": N_("every month on this date"),
}
"""Those that the form offers."""
_EACH = {
    "HOURLY": N_("every hour"),
    "DAILY": N_("every day"),
    "WEEKLY": N_("every week"),
    "MONTHLY": N_("every month"),
    "YEARLY": N_("every year"),
}
_EACH_FEW = {
    "HOURLY": N_("every {number} hours"),
    "DAILY": N_("every {number} days"),
    "WEEKLY": N_("every {number} weeks"),
    "MONTHLY": N_("every {number} months"),
    "YEARLY": N_("every {number} years"),
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ENDS = {"UNTIL", "COUNT", "WKST"}
"""Parts that name no day; the first of the week changes nothing that people would say."""


def repeats(rule: str, zone: ZoneInfo) -> Markup:
    """``repeats every week until 31/12/2026`` in both languages; the end's day is `zone`'s."""
    vi, en = (
        text(locale)(N_("repeats {how}"), how=how(rule, zone, locale)) for locale in ("vi", "en")
    )
    return bilingual(vi, en)


def how(rule: str, zone: ZoneInfo, locale: str = "vi") -> str:
    """How `rule` repeats, in one language.

    A calendar of others may have rules that take long to say, as the second Tuesday of a quarter:
    of those the words name the list of days that stands on the page.
    """
    say = text(locale)
    parts = _parts(rule)
    days = {name: value for name, value in parts.items() if name not in _ENDS}
    offered = next((word for known, word in REPEATS.items() if _parts(known) == days), None)
    words = [say(offered)] if offered is not None else _days(days, locale)
    if last := _last_day(parts.get("UNTIL", ""), zone):
        words.append(say(N_("until {day}"), day=last))
    if parts.get("COUNT", "").isdecimal():
        words.append(say(N_("({number} times in all)"), number=parts["COUNT"]))
    return " ".join(words)


def _days(parts: Mapping[str, str], locale: str) -> list[str]:
    say = text(locale)
    frequency, number = parts.get("FREQ", ""), parts.get("INTERVAL", "1")
    named = [_DAYS.index(one) for one in parts.get("BYDAY", "").split(",") if one in _DAYS]
    others = parts.keys() - {"FREQ", "INTERVAL"}
    words = []
    if frequency in _EACH and number.isdecimal():
        few = number != "1"
        words.append(say(_EACH_FEW[frequency], number=number) if few else say(_EACH[frequency]))
    if frequency == "WEEKLY" and others == {"BYDAY"} and named:
        names = get_day_names("wide", locale=locale)
        words.append(say(N_("on {days}"), days=", ".join(names[day] for day in sorted(named))))
    elif others or not words:
        words.append(say(N_("on certain days (see the list)")))
    return words


def _parts(rule: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.upper().split(";") if part)
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    return parts


def _last_day(until: str, zone: ZoneInfo) -> str:
    found = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", until)
    if found is None:
        return ""
    try:
        last = datetime.strptime(found[1] + (found[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007
        if found[3]:
            last = last.replace(tzinfo=UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return ""
    return f"{last:%d/%m/%Y}"
