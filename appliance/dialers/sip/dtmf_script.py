"""Reads the script that takes a call through an entry queue: waits and keys (an ID, a PIN)."""

import re
from dataclasses import dataclass

_STEP = re.compile(r"wait\s+([0-9]{1,3}(?:\.[0-9]+)?)(?:\s*s)?|([0-9A-D*#]{1,32})", re.IGNORECASE)
MAX_WAIT_S = 60.0


class DtmfScriptError(ValueError):
    """A script cannot be read; the text never holds a PIN."""


@dataclass(frozen=True, slots=True)
class Step:
    """Wait ``wait`` seconds, or send ``keys``."""

    wait: float = 0.0
    keys: str = ""


def steps(script: str) -> tuple[Step, ...]:
    """Read ``wait 4, 1234#, wait 3, 9999#``; raises DtmfScriptError. "" has no steps."""
    found = []
    for number, word in enumerate(filter(None, (part.strip() for part in script.split(","))), 1):
        match = _STEP.fullmatch(word)
        if match is None or float(match[1] or 0) > MAX_WAIT_S:
            raise DtmfScriptError(
                f"step {number} of the entry script is neither a wait of at most "
                f"{MAX_WAIT_S:g} s nor keys; a right one is: wait 4, 1234#, wait 3, 9999#"
            )
        found.append(Step(wait=float(match[1])) if match[1] else Step(keys=match[2].upper()))
    return tuple(found)
