"""Is there memory left?"""

from appliance.core.alarms import below
from appliance.core.problems import ProblemKey
from hardware.vitals.memory import memory as memory_of
from services.health.check_api import NOTHING, Box, CheckResult

SHORT_PERCENT, ENOUGH_PERCENT = 8.0, 15.0
"""On a Pi of 2 GB 8 % are 160 MB: less than one picture's way through VLC and the encoder."""


def memory(box: Box) -> CheckResult:
    """MEMORY_SHORT, and ``memory_free_mb``: what a program could still have."""
    found = memory_of(box.root)
    if found is None:
        return NOTHING
    percent = 100 * found.available_mb / found.total_mb
    observation = below(
        ProblemKey.MEMORY_SHORT,
        percent,
        wrong=SHORT_PERCENT,
        fine=ENOUGH_PERCENT,
        detail=f"{found.available_mb:.0f} MB",
    )
    return CheckResult((observation,), {"memory_free_mb": round(found.available_mb)})
