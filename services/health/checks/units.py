"""Has systemd given up on a unit?"""

from collections.abc import Sequence

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.units import LIST_FAILED, failed_units
from services.health.check_api import NOTHING, Box, CheckResult

INTERVAL_S = 60.0


class Units:
    """Asks once a minute; between, the last answer stands."""

    def __init__(self, command: Sequence[str] = LIST_FAILED) -> None:
        self._command = command
        self._due = float("-inf")
        self._failed: tuple[str, ...] | None = None

    def __call__(self, box: Box) -> CheckResult:
        """UNIT_FAILED, with the names; ``units_failed``."""
        if box.monotonic >= self._due:
            self._due = box.monotonic + INTERVAL_S
            self._failed = failed_units(self._command)
        if self._failed is None:
            return NOTHING
        observation = when(
            ProblemKey.UNIT_FAILED, bool(self._failed), ", ".join(self._failed)[:200]
        )
        return CheckResult((observation,), {"units_failed": len(self._failed)})
