"""Is a button stuck?"""

from appliance.core.problems import TroubleKey
from services.health.check_api import Box, Finding, told


def button(box: Box) -> Finding:
    """BUTTON_STUCK; the endpoint has the pins."""
    return Finding(told(box, TroubleKey.BUTTON_STUCK))
