"""Numbers the reports of this boot without remembering anything: by the time since the boot."""

import time
from collections.abc import Callable

from appliance.wire.report_id import ReportId


def since_boot_s() -> float:
    """Seconds since the boot, sleep included (clock_gettime(2), CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Sequence:
    """Each is newer than every one before, also than those of this program's last run."""

    def __init__(self, boot_id: str, since_boot: Callable[[], float] = since_boot_s) -> None:
        self._boot_id = boot_id
        self._since_boot = since_boot
        self._last = -1

    def next(self, now: float) -> ReportId:
        """The id of a report that is made at `now` (POSIX s)."""
        self._last = max(self._last + 1, int(self._since_boot() * 1000))
        return ReportId(round(now, 3), self._boot_id, self._last)
