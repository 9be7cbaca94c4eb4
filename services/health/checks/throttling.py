"""Does the SoC run as fast as it could?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.throttling import slowed_by
from services.health.check_api import NOTHING, Box, CheckResult


def throttling(box: Box) -> CheckResult:
    """SLOWED, with the firmware's reasons."""
    reasons = slowed_by(box.root)
    if reasons is None:
        return NOTHING
    return CheckResult((when(ProblemKey.SLOWED, bool(reasons), ", ".join(reasons)),))
