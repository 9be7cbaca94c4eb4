"""Is a button stuck?"""

from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult, told


def button(box: Box) -> CheckResult:
    """BUTTON_STUCK; the endpoint has the pins."""
    return CheckResult(told(box, ProblemKey.BUTTON_STUCK))
