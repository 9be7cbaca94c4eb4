"""What a USB stick of the IT centre is doing at this box, from its program's fact file."""

from math import inf
from pathlib import Path

from appliance.base.fact_file import STICK_FILE
from appliance.core.problems import ProblemKey

FRESH_S = 30.0
"""Its program writes every five seconds while it works; one that was pulled out writes no more."""
RESULT_SHOWN_S = 600.0
"""How long an outcome stands on the TV."""
SHOWN_S = {
    ProblemKey.STICK_READING: FRESH_S,
    ProblemKey.STICK_INSTALLING: FRESH_S,
    # True until the box starts again, which empties the folder of facts.
    ProblemKey.STICK_WAITING: inf,
}


def stick_problem(run: Path, now: float) -> ProblemKey | None:
    """The line for the TV at `now` (POSIX s); None where there is nothing to say."""
    facts = STICK_FILE.read(run, now, inf)
    if facts is None:
        return None
    try:
        key = ProblemKey(f"stick-{facts.stage}")
    except ValueError:
        return None
    return key if now - facts.at <= SHOWN_S.get(key, RESULT_SHOWN_S) else None
