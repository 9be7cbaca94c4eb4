"""Is there room on the data partition?"""

import shutil

from appliance.core.alarms import Observation, below
from appliance.core.problems import ProblemKey
from services.health.check_api import NOTHING, Box, CheckResult

FULL_PERCENT, ROOM_PERCENT = 5.0, 10.0


def disk(box: Box) -> CheckResult:
    """DISK_FULL, and ``data_free_percent``."""
    try:
        usage = shutil.disk_usage(box.data)
    except OSError:
        return NOTHING  # the canary says what is wrong with it
    percent = 100 * usage.free / usage.total
    return CheckResult((judge(percent),), {"data_free_percent": round(percent, 1)})


def judge(free_percent: float) -> Observation:
    """DISK_FULL of a partition with so much room."""
    return below(
        ProblemKey.DISK_FULL,
        free_percent,
        wrong=FULL_PERCENT,
        fine=ROOM_PERCENT,
        detail=f"{free_percent:.1f} %",
    )
