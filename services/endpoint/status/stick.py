"""What a USB stick of the IT centre is doing at this box, from its program's fact file."""

from math import inf
from pathlib import Path

from appliance.base.fact_file import STICK_FILE
from appliance.core.problems import ProblemKey

BUSY_S = 30.0
"""Its program writes every five seconds while it works; one that was pulled out writes no more."""
OVER_S = 600.0
"""How long an outcome stands on the TV."""
LASTS = {
    ProblemKey.STICK_READING: BUSY_S,
    ProblemKey.STICK_INSTALLING: BUSY_S,
    # True until the box starts again, which empties the folder of facts.
    ProblemKey.STICK_WAITING: inf,
}


def stick(run: Path, now: float) -> ProblemKey | None:
    """The line for the TV at `now` (POSIX s); None where there is nothing to say."""
    facts = STICK_FILE.read(run, now, inf)
    if facts is None:
        return None
    try:
        key = ProblemKey(f"stick-{facts.stage}")
    except ValueError:
        return None
    return key if now - facts.at <= LASTS.get(key, OVER_S) else None
