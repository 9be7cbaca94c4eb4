"""How worn is the flash, and how much is written to it?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.mounts import disk_of, mount_of
from hardware.vitals.wear import wear as wear_of
from hardware.vitals.wear import written_mb
from services.health.check_api import NOTHING, Box, CheckResult

WORN_PERCENT = 80
SPARE_NORMAL = 1


def wear(box: Box) -> CheckResult:
    """CARD_WORN of an eMMC; ``card_written_mb`` since the boot of any disk."""
    mount = mount_of(box.root, str(box.data))
    if mount is None:
        return NOTHING
    disk = disk_of(mount.device)
    written = written_mb(box.root, disk)
    figures = {} if written is None else {"card_written_mb": round(written, 1)}
    worn = wear_of(box.root, disk)
    if worn is None:
        return CheckResult(figures=figures)
    bad = worn.used_percent >= WORN_PERCENT or worn.spare > SPARE_NORMAL
    observation = when(ProblemKey.CARD_WORN, bad, f"{worn.used_percent} %")
    return CheckResult((observation,), figures | {"card_used_percent": worn.used_percent})
