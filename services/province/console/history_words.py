"""One site's history as texts and charts: restarts, the last self-test, what was measured."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from markupsafe import Markup

from appliance.core.message import N_
from appliance.core.problems import KINDS
from services.province.console import charts
from services.province.console.render import both, vi
from services.province.history.series import Step
from services.province.history.summary import History
from services.province.storage.reports import fields_of
from services.province.storage.tables import LastReport

RESTARTS = {
    "first": N_("the first start"),
    "wanted": N_("as wanted"),
    "power": N_("the power was cut"),
    "watchdog": N_("the box hung; its watchdog restarted it"),
    "panic": N_("its system failed"),
}
SPAN_WORDS = {1: N_("24 hours"), 7: N_("7 days"), 90: N_("90 days")}
HOT_C, LOSS_PERCENT, RTT_MS = (30, 50, 70, 90), (0, 5, 10), (0, 150, 300)
"""The scales. From 80 °C on a Pi slows down; at 5 % speech suffers; at 300 ms talk collides."""
GOOD = N_("all well")
_TEXTS = {kind.code: kind.text for kind in KINDS.values()}


def restart(reason: str) -> Markup:
    """Why the box started; a word that this release does not know is shown as it is."""
    return both(RESTARTS.get(reason, reason))


def self_test(result: str) -> Markup:
    """The result of a self-test: all well, or each code with its text."""
    if result == "good":
        return both(GOOD)
    found = [code.strip() for code in result.split(",")]
    return Markup(", ").join(
        Markup("<b>{}</b> {}").format(code, both(_TEXTS[code])) if code in _TEXTS else code
        for code in found
    )


CALL_WORDS = {
    "picture=none": N_("far picture: none"),
    "picture=still": N_("far picture: stood still"),
    "picture=moving": N_("far picture: moved"),
    "sound=none": N_("far sound: none"),
    "sound=silent": N_("far sound: silent"),
    "sound=heard": N_("far sound: heard"),
    "arrived=yes": N_("our picture and sound: arrived"),
    "arrived=no": N_("our picture and sound: not confirmed"),
}
CALL_FIGURES = {
    "rtt_ms": N_("round trip: {figure} ms"),
    "loss_percent": N_("lost on the way to us: {figure} %"),
}


def rehearsal_call(report: LastReport | None) -> list[Markup]:
    """What the last rehearsal's call showed; words of another release are left out."""
    facts = fields_of(report.state).get("facts") if report is not None else None
    found = facts.get("rehearsal_call") if isinstance(facts, dict) else None
    words = []
    for word in found.split()[:8] if isinstance(found, str) else []:
        name, _, value = word.partition("=")
        if word in CALL_WORDS:
            words.append(both(CALL_WORDS[word]))
        elif name in CALL_FIGURES and re.fullmatch(r"[0-9.]{1,8}", value):
            words.append(both(CALL_FIGURES[name], figure=value.replace(".", ",")))
    return words


TV_WORDS = {
    "on": N_("switched on"),
    "standby": N_("in standby"),
    "in transition": N_("going on or off"),
    "no peer": N_("takes no commands (CEC)"),
    "no link": N_("not plugged in, or asleep"),
    "no adapter": N_("cannot be asked by this box"),
    "unknown": N_("does not say whether it is on"),
    "error": N_("the control wire has failed"),
}
"""By the values of the report's fact ``tv_power``."""


def tv_power(report: LastReport | None) -> Markup | None:
    """What the TV says of itself; None for a word of another release, or none."""
    facts = fields_of(report.state).get("facts") if report is not None else None
    found = facts.get("tv_power") if isinstance(facts, dict) else None
    return both(TV_WORDS[found]) if isinstance(found, str) and found in TV_WORDS else None


def decimal(number: float, digits: int = 1) -> str:
    """As it is written in Vietnamese: 98,6."""
    return format_decimal(round(number, digits), locale="vi")


def percent(share: float) -> str:
    """98,6 %; what is not quite all is never rounded up to it."""
    tenths = int(share * 1000 + 1e-9)
    return f"{decimal(tenths / 10)} %"


def drawings(history: History, zone: ZoneInfo) -> Mapping[str, Markup]:
    """The charts of what was measured in the span; none of what never was."""
    labels = labels_of(history, zone)
    steps = history.steps
    drawn: dict[str, Markup] = {}
    if soc := _values([step.soc_c for step in steps]):
        drawn["temperature"] = charts.line(
            vi(N_("Temperature")), labels, soc, rules=HOT_C, format_value=lambda c: f"{c:.0f} °C"
        )
    if loss := _values([step.loss_percent for step in steps]):
        drawn["loss"] = charts.bars(
            vi(N_("Lost packets")),
            labels,
            loss,
            rules=LOSS_PERCENT,
            format_value=lambda p: f"{p:.0f} %",
        )
    if rtt := _values([step.rtt_ms for step in steps]):
        drawn["rtt"] = charts.bars(
            vi(N_("Round trip")), labels, rtt, rules=RTT_MS, format_value=lambda ms: f"{ms:.0f} ms"
        )
    return drawn


def labels_of(history: History, zone: ZoneInfo) -> list[str]:
    """The label under each step: its time or day, "" where none is to be read."""
    return [_label(history.span.days, datetime.fromtimestamp(at.at, zone)) for at in history.steps]


def _label(days: int, local: datetime) -> str:
    if days == 1:
        return f"{local:%H:%M}" if local.hour % 4 == 0 and local.minute == 0 else ""
    if days == 7:
        return f"{local:%d/%m}" if local.hour == 0 else ""
    return f"{local:%d/%m}" if local.day in (1, 15) else ""


def worst(steps: Sequence[Step]) -> Mapping[str, float]:
    """The worst of each figure in the span, as far as it was measured."""
    found: dict[str, float] = {}
    for step in steps:
        figures = {"soc_c": step.soc_c, "loss_percent": step.loss_percent, "rtt_ms": step.rtt_ms}
        for name, figure in figures.items():
            if figure is not None:
                found[name] = max(figure, found.get(name, figure))
    return found


def _values(values: list[float | None]) -> list[float | None]:
    return values if any(value is not None for value in values) else []
