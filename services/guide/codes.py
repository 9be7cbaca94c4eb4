"""The guide's list of codes: made of the catalogue of problems, so that no code can be left out."""

from html import escape
from itertools import groupby

from appliance.base.texts import text
from appliance.core.problem_causes import CAUSES, HANDS_WORDS, hands
from appliance.core.problems import KINDS, ProblemKey, Severity
from services.guide.phrases import GuideError

LETTERS = {
    "M": "Mạng",
    "L": "Lịch họp",
    "G": "Giờ",
    "C": "Camera",
    "A": "Âm thanh",
    "T": "Tivi",
    "H": "Họp",
    "N": "Nút bấm",
    "B": "Bộ thiết bị",
    "P": "Phần mềm",
    "U": "USB của trung tâm CNTT",
}
"""What the first letter of a code stands for, in the order of the guide."""

SEVERITIES = {Severity.SERIOUS: "serious", Severity.WARNING: "warning", Severity.NOTE: "note"}
"""The class by which the style sheet gives a badge the colour that it has on the TV."""


def badge(code: str, severity: Severity) -> str:
    """A code as the TV shows it."""
    return f'<b class="code {SEVERITIES[severity]}">{escape(code)}</b>'


def code_list() -> str:
    """Every code: sentence, cause, remedy, and who can do it. Raises `GuideError`."""
    for key in ProblemKey:
        if key not in CAUSES:
            raise GuideError(f"{KINDS[key].code}: say why in appliance/core/problem_causes.py")
    parts = []
    for letter, keys in groupby(sorted(ProblemKey, key=_place), key=_letter):
        rows = "".join(_row(key) for key in keys)
        parts.append(
            f'<section class="codes"><h3><b class="letter">{letter}</b> {LETTERS[letter]}</h3>'
            "<table><thead><tr><th>Mã</th><th>Tivi báo và lý do</th><th>Cách xử lý</th></tr>"
            "</thead>"
            f"<tbody>{rows}</tbody></table></section>"
        )
    return "\n".join(parts)


def _row(key: ProblemKey) -> str:
    kind, vi = KINDS[key], text("vi")
    who = hands(kind)
    return (
        f'<tr id="{kind.code}"><td>{badge(kind.code, kind.severity)}</td>'
        f"<td><b>{escape(vi(kind.text))}</b><br>{escape(vi(CAUSES[key]))}</td>"
        f"<td>{escape(vi(kind.remedy))}<br>"
        f'<span class="hands {who.value}">{escape(vi(HANDS_WORDS[who]))}</span></td></tr>'
    )


def _letter(key: ProblemKey) -> str:
    return KINDS[key].code[0]


def _place(key: ProblemKey) -> tuple[int, int]:
    code = KINDS[key].code
    if code[0] not in LETTERS:
        raise GuideError(f"{code}: say in services/guide/codes.py what its letter stands for")
    return list(LETTERS).index(code[0]), int(code[1:])
