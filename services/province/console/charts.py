"""Charts as SVG within the page: drawn by pygal, coloured by the page's own style sheet.

pygal adds a script, a style sheet and a comment to each chart. They are removed: the content
security policy forbids them, and the page's own colours follow the light and the dark scheme.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pygal
from markupsafe import Markup
from pygal.style import Style

WIDTH, HEIGHT = 360, 150
"""In units of a telephone's width, so that labels can be read there; wider pages scale it up."""
LETTERS = Style(label_font_size=11, major_label_font_size=11, no_data_font_size=12)
"""pygal leaves so much room for them; the style sheet says how they look."""
SVG = "{http://www.w3.org/2000/svg}"
UNUSED_TAGS = frozenset({"defs", "title", "desc", "script", "style"})
UNUSED_CLASSES = frozenset({"titles", "plot overlay", "plot text-overlay", "plot tooltip-overlay"})
"""What the script would have filled."""


def line(
    title: str,
    labels: Sequence[str],
    values: Sequence[float | None],
    *,
    rules: Sequence[float],
    format_value: Callable[[float], str],
) -> Markup:
    """A line that breaks where a value is missing. `labels` has "" where none is to be shown;
    the scale goes from the first of `rules` to the last, or to what is beyond; `format_value`
    prints a value on the scale."""
    chart = pygal.Line(
        allow_interruptions=True, show_dots=False, **_common(labels, rules, format_value)
    )
    return _render(chart, title, labels, values, rules)


def bars(
    title: str,
    labels: Sequence[str],
    values: Sequence[float | None],
    *,
    rules: Sequence[float],
    format_value: Callable[[float], str],
) -> Markup:
    """The same as bars: for what is measured now and then."""
    chart = pygal.Bar(spacing=0, **_common(labels, rules, format_value))
    return _render(chart, title, labels, values, rules)


def _common(
    labels: Sequence[str], rules: Sequence[float], format_value: Callable[[float], str]
) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "margin": 4,
        "margin_right": 12,
        "margin_bottom": 12,
        "style": LETTERS,
        "css": [],
        "js": [],
        "no_prefix": True,
        "show_legend": False,
        "disable_xml_declaration": True,
        "x_labels": list(labels),
        "x_labels_major": [label for label in labels if label],
        "show_minor_x_labels": False,
        "truncate_label": -1,
        "y_labels": list(rules),
        "value_formatter": format_value,
    }


def _render(
    chart: Any,
    title: str,
    labels: Sequence[str],
    values: Sequence[float | None],
    rules: Sequence[float],
) -> Markup:
    known = [value for value in values if value is not None]
    chart.range = (min([rules[0], *known]), max([rules[-1], *known]))
    chart.add("", list(values))
    chart.add_xml_filter(lambda root: _strip(root, title))
    return Markup(chart.render(is_unicode=True))  # noqa: S704 - pygal escapes; no text is a site's


def _strip(root: Any, title: str) -> Any:
    """Remove what the page may not have, and add a name for screen readers."""
    root.attrib.pop("id", None)
    root.set("role", "img")
    root.set("aria-label", title)
    for parent in [*root.iter()]:
        for child in [*parent]:
            tag = child.tag.removeprefix(SVG) if isinstance(child.tag, str) else "comment"
            if tag in UNUSED_TAGS or child.get("class") in UNUSED_CLASSES or tag == "comment":
                parent.remove(child)
    return root
