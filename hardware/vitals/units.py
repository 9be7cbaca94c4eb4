"""Units that systemd calls failed."""

import json
import subprocess
from collections.abc import Sequence

DEADLINE_S = 5.0
LIST_FAILED = ("systemctl", "list-units", "--failed", "--output=json", "--no-pager")


def failed_units(command: Sequence[str] = LIST_FAILED) -> tuple[str, ...] | None:
    """Their names; None where systemd does not answer, or does not run here."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_units(done.stdout) if done.returncode == 0 else None


def parse_units(output: bytes) -> tuple[str, ...] | None:
    """From systemctl's JSON (systemd 246 and newer); None where it is none."""
    try:
        return tuple(str(unit["unit"]) for unit in json.loads(output))
    except (ValueError, KeyError, TypeError):
        return None
