"""One site's history as texts and charts: restarts, the last self-test, what was measured."""

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
