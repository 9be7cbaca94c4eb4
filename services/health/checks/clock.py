"""Is the time known?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult


def clock(box: Box) -> CheckResult:
    """CLOCK. The time that stands in a report with this alarm is not to be believed."""
    return CheckResult((when(ProblemKey.CLOCK, not box.trusted),))
