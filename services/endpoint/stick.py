"""What a USB stick of the IT centre is doing at this box, from its program's fact file."""

from pathlib import Path

from appliance.base.fact_file import read_facts
from appliance.core.troubles import TroubleKey

BUSY = frozenset({TroubleKey.STICK_READING, TroubleKey.STICK_INSTALLING})
BUSY_S = 30.0
"""Its program writes every five seconds while it works; one that was pulled out writes no more."""
OVER_S = 600.0
"""How long the outcome stands on the TV."""


def stick(run: Path, now: float) -> TroubleKey | None:
    """The line for the TV at `now` (POSIX s); None where there is nothing to say."""
    facts = read_facts(run / "stick.json", now, OVER_S)
    if facts is None:
        return None
    try:
        key = TroubleKey(f"stick-{facts.get('stage')}")
    except ValueError:
        return None
    return None if key in BUSY and now - float(facts["at"]) > BUSY_S else key
