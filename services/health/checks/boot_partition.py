"""Which boot files does the card have, and what became of the newest?"""

from math import inf

from appliance.base.fact_file import BOOT_PARTITION_FILE
from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from services.boot_partition.renewal import BootState
from services.health.check_api import NOTHING, Box, CheckResult


def boot_partition(box: Box) -> CheckResult:
    """BOOT_FILES where a release's own could not be brought, with the reason; ``boot_files``: the
    state, and why; ``boot_files_release``: who has brought those in force.

    Nothing where no Pi's boot partition was looked at in this start.
    """
    found = BOOT_PARTITION_FILE.read(box.run, box.now, inf) if box.run else None
    if found is None:
        return NOTHING
    told = {
        "boot_files": f"{found.state}: {found.detail}" if found.detail else found.state,
        "boot_files_set": found.set,
        "boot_files_release": found.release,
    }
    failed = when(ProblemKey.BOOT_FILES, found.state == BootState.FAILED, found.detail)
    return CheckResult((failed,), facts={name: value for name, value in told.items() if value})
