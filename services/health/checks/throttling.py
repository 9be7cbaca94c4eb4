"""Does the SoC run as fast as it could?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.throttling import slowed_by
from services.health.check_api import Box, CheckResult


def throttling(box: Box) -> CheckResult:
    """SLOWED, and ``slowed_by``: the firmware's reasons, "nothing", or "unknown"."""
    reasons = slowed_by(box.root)
    if reasons is None:
        return CheckResult(facts={"slowed_by": "unknown"})
    told = ", ".join(reasons)
    observation = when(ProblemKey.SLOWED, bool(reasons), told)
    return CheckResult((observation,), facts={"slowed_by": told or "nothing"})
