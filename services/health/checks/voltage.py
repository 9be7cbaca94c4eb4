"""Does the supply hold its voltage?"""

from pathlib import Path

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.voltage import under_voltage
from services.health.check_api import Box, CheckResult


class Voltage:
    """Counts the drops of this boot. The kernel looks every two seconds and keeps nothing, so
    `sample` is to be called at least as often; a drop between two looks is a drop."""

    def __init__(self) -> None:
        self._low: bool | None = None
        self._dropped = False
        self._drops = 0

    def sample(self, root: Path) -> None:
        """Look once."""
        low = under_voltage(root)
        if low and not self._low:
            self._drops += 1
        self._dropped = self._dropped or bool(low)
        self._low = low

    def __call__(self, box: Box) -> CheckResult:
        """POWER_WEAK, ``voltage_drops``, and ``voltage``: "enough", "low" or "unknown"."""
        self.sample(box.root)
        if self._low is None:
            return CheckResult(facts={"voltage": "unknown"})
        dropped, self._dropped = self._dropped, False
        observation = when(ProblemKey.POWER_WEAK, dropped, f"{self._drops}×")
        facts = {"voltage": "low" if self._low else "enough"}
        return CheckResult((observation,), {"voltage_drops": self._drops}, facts)
