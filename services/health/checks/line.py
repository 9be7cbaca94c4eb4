"""How good is the line of the meeting?"""

from appliance.core.problems import TroubleKey
from services.health.check_api import Box, Finding, measured, told


def line(box: Box) -> Finding:
    """LINE_POOR by the endpoint's word; ``loss_percent`` and ``rtt_ms`` while it is in a call."""
    return Finding(told(box, TroubleKey.LINE_POOR), measured(box, "loss_percent", "rtt_ms"))
