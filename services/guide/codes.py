"""The guide's list of codes: made of the catalogue of problems, so that no code can be left out."""

from html import escape
from itertools import groupby

from appliance.base.texts import text
from appliance.core.problem_causes import CAUSES, HANDS_WORDS, hands
from appliance.core.problems import KINDS, Kind, Severity
from services.endpoint.tools.codes_command import GROUPS, in_order
from services.guide.phrases import GuideError

_KEY_BY_CODE = {kind.code: key for key, kind in KINDS.items()}

SEVERITIES = {Severity.SERIOUS: "serious", Severity.WARNING: "warning", Severity.NOTE: "note"}
"""The class by which the style sheet gives a badge the colour that it has on the TV."""


def badge(code: str, severity: Severity) -> str:
    """A code as the TV shows it."""
    return f'<b class="code {SEVERITIES[severity]}">{escape(code)}</b>'


def code_list() -> str:
    """Every code: sentence, cause, remedy, and who can do it. Raises `GuideError`."""
    vi = text("vi")
    parts = []
    for letter, kinds in groupby(in_order(), key=lambda kind: kind.code[0]):
        rows = "".join(_row(kind) for kind in kinds)
        parts.append(
            f'<section class="codes"><h3><b class="letter">{letter}</b> {vi(GROUPS[letter])}</h3>'
            "<table><thead><tr><th>Mã</th><th>Tivi báo và lý do</th><th>Cách xử lý</th></tr>"
            f"</thead><tbody>{rows}</tbody></table></section>"
        )
    return "\n".join(parts)


def _row(kind: Kind) -> str:
    key, vi, who = _KEY_BY_CODE[kind.code], text("vi"), hands(kind)
    if key not in CAUSES:
        raise GuideError(f"{kind.code}: say why in appliance/core/problem_causes.py")
    return (
        f'<tr id="{kind.code}"><td>{badge(kind.code, kind.severity)}</td>'
        f"<td><b>{escape(vi(kind.text))}</b><br>{escape(vi(CAUSES[key]))}</td>"
        f"<td>{escape(vi(kind.remedy))}<br>"
        f'<span class="hands {who.value}">{escape(vi(HANDS_WORDS[who]))}</span></td></tr>'
    )
