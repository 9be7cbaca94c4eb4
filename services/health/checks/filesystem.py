"""Has the data partition's file system errors, or did it go read-only?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.filesystem import ext4_errors
from hardware.vitals.mounts import mount_of
from services.health.check_api import NOTHING, Box, CheckResult


def filesystem(box: Box) -> CheckResult:
    """STORAGE; ``ext4_errors``. With errors=remount-ro an error makes the partition read-only."""
    mount = mount_of(box.root, str(box.data))
    if mount is None:
        return NOTHING
    errors = ext4_errors(box.root, mount.device)
    # The initramfs lays memory over a card that takes nothing any more.
    worn_out = mount.kind == "overlay"
    if worn_out:
        detail = "the card takes nothing any more"
    elif mount.read_only:
        detail = f"{mount.device} is read-only"
    else:
        detail = f"{mount.device}: {errors} errors"
    observation = when(ProblemKey.STORAGE, worn_out or mount.read_only or bool(errors), detail)
    return CheckResult((observation,), {} if errors is None else {"ext4_errors": errors})
