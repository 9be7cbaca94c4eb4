"""Which release needed more of the line than it was given: it is left alone for a day.

Kept on the data partition: a box that is switched on for its meetings alone would otherwise pay the
whole budget again at each of them.
"""

import json
from pathlib import Path

from appliance.base.atomic_file import write_atomically

FILE = Path("boot/over-budget.json")
"""Below the data partition."""
RETRY_S = 24 * 3600.0
"""By itself; a stick or a newer release is taken at any time."""


def note_over_budget(data: Path, version: str, now: float) -> None:
    """Keep that `version` went beyond its budget at `now` (POSIX s). Raises `OSError`."""
    content = json.dumps({"version": version, "at": now}).encode()
    write_atomically(data / FILE, content, mode=0o644)


def is_over_budget(data: Path, version: str, now: float) -> bool:
    """Whether `version` went beyond its budget within the day before `now` (POSIX s)."""
    try:
        noted = json.loads((data / FILE).read_bytes())
        age_s = now - float(noted["at"])
        return bool(noted["version"] == version) and 0 <= age_s < RETRY_S
    except (OSError, ValueError, KeyError, TypeError):
        return False
