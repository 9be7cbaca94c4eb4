"""How good is the line of the meeting?"""

from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult, measured, reported


def line(box: Box) -> CheckResult:
    """LINE_POOR by the endpoint's word; ``loss_percent`` and ``rtt_ms`` while it is in a call."""
    of = box.endpoint
    figures = measured(loss_percent=of.loss_percent, rtt_ms=of.rtt_ms) if of is not None else {}
    return CheckResult(reported(box, ProblemKey.LINE_POOR), figures)
