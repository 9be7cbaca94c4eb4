"""How good is the line of the meeting?"""

from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult, measured, told


def line(box: Box) -> CheckResult:
    """LINE_POOR by the endpoint's word; ``loss_percent`` and ``rtt_ms`` while it is in a call."""
    return CheckResult(told(box, ProblemKey.LINE_POOR), measured(box, "loss_percent", "rtt_ms"))
