"""The examples of docs/wire.md: the one text that site and province are both tested against."""

import re
from pathlib import Path

from hypothesis import strategies as st

STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
"""Letters that a database takes."""
SEEN = st.characters(
    categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0"
)
"""Letters that a field may have which is compared with others."""
WIRE = Path(__file__).parents[2] / "docs/wire.md"


def examples(kind: str) -> list[bytes]:
    """The payloads that the document shows for a kind of topic."""
    found = re.findall(rf"^```json {kind}\n(.*?)\n```$", WIRE.read_text(), re.DOTALL | re.MULTILINE)
    assert found, f"docs/wire.md shows no {kind}"
    return [example.encode() for example in found]
