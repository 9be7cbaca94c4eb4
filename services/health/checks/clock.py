"""Is the hour known?"""

from appliance.core.alarms import when
from appliance.core.problems import TroubleKey
from services.health.check_api import Box, Finding


def clock(box: Box) -> Finding:
    """CLOCK. The hour that stands in a report with this alarm is not to be believed."""
    return Finding((when(TroubleKey.CLOCK, not box.trusted),))
