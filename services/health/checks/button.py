"""Does the button box work, and is a button stuck?"""

from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult, reported


def button(box: Box) -> CheckResult:
    """BUTTON_BOX and BUTTON_STUCK; the endpoint has the pins."""
    return CheckResult(reported(box, ProblemKey.BUTTON_BOX, ProblemKey.BUTTON_STUCK))
