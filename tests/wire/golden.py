"""The examples of docs/wire.md: the one text that site and province are both tested against."""

import re
from pathlib import Path

WIRE = Path(__file__).parents[2] / "docs/wire.md"


def examples(kind: str) -> list[bytes]:
    """The payloads that the document shows for a kind of topic."""
    found = re.findall(rf"^```json {kind}\n(.*?)\n```$", WIRE.read_text(), re.DOTALL | re.MULTILINE)
    assert found, f"docs/wire.md shows no {kind}"
    return [example.encode() for example in found]
