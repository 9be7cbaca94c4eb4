"""Sound cards with a capture side, that is, microphones (kernel: sound/designs/procfile.rst)."""

import re
from pathlib import Path

from hardware.vitals.sysfs import entries, word

_CARD = re.compile(r"^\s*(\d+) \[(\S+)\s*\]: (.+)$", re.MULTILINE)


def microphones(root: Path) -> tuple[str, ...]:
    """The names of cards that can capture."""
    sound = root / "proc/asound"
    return tuple(
        name.strip()
        for number, _, name in _CARD.findall(word(sound / "cards") or "")
        if any(re.fullmatch(r"pcm\d+c", entry.name) for entry in entries(sound / f"card{number}"))
    )
