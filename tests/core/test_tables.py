"""docs/decide.md shows the table that the code decides by."""

from pathlib import Path

from appliance.core.decision import ROWS, Bond, Phase, Row
from appliance.core.meetings.due import CallState

PAGE = Path(__file__).parents[2] / "docs" / "decide.md"
DUE = {
    frozenset({Bond.NOTHING}): ("no", ""),
    frozenset({Bond.OURS}): ("yes", "yes, or no call"),
    frozenset({Bond.NOTHING, Bond.OTHER}): ("none, or another", "no"),
}
WHEN = {
    Phase.UPCOMING: " when a meeting is near",
    Phase.LEFT: " when a hand has left one that goes on",
}
FLOWED = {None: "", False: "no", True: "yes"}


def markdown() -> str:
    """The rows as the page shows them."""
    lines = [
        (
            "the call is",
            "a meeting is due",
            "it is this call's",
            "media has flowed in it before",
            "now is",
            "phase",
            "call wanted",
        ),
        ("---",) * 7,
        *(cells(row) for row in ROWS),
    ]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def cells(row: Row) -> tuple[str, ...]:
    calls = ", ".join(state for state in CallState if state in row.calls)
    phase = ", ".join(f"{one.upper()}{WHEN.get(one, '')}" for one in row.phases)
    return (
        calls,
        *DUE[row.bonds],
        FLOWED[row.flowed],
        row.period or "",
        phase,
        "that one" if row.wanted else "none",
    )


def test_the_page_is_in_step_with_the_code() -> None:
    assert markdown() in PAGE.read_text(encoding="utf-8"), f"put this into {PAGE}:\n{markdown()}"
