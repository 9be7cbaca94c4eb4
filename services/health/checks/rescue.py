"""Has the box used up its unplanned restarts?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.sysfs import word
from services.health.check_api import Box, CheckResult

FLAG = "run/diemcau-rescue/starts"
"""Left by the initramfs, taken away once the slot check is passed."""


def rescue(box: Box) -> CheckResult:
    """RESCUE, with how many starts in a row missed the slot check."""
    starts = word(box.root / FLAG)
    return CheckResult((when(ProblemKey.RESCUE, starts is not None, f"{starts} starts in a row"),))
