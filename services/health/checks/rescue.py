"""Has the box used up its unplanned restarts?"""

from appliance.core.alarms import when
from appliance.core.problems import TroubleKey
from hardware.vitals.sysfs import word
from services.health.check_api import Box, Finding

FLAG = "run/diemcau-rescue/starts"
"""Left by the initramfs, taken away once the gate is passed."""


def rescue(box: Box) -> Finding:
    """RESCUE, with how many starts in a row missed the gate."""
    starts = word(box.root / FLAG)
    return Finding((when(TroubleKey.RESCUE, starts is not None, f"{starts} starts in a row"),))
