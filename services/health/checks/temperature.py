"""Is the SoC too hot?"""

from appliance.core.alarms import above
from appliance.core.problems import ProblemKey
from hardware.vitals.temperature import soc_celsius
from services.health.check_api import Box, CheckResult, reported

HOT_C, COOL_C = 82.0, 75.0
"""From 80 °C on the firmware slows down step by step, at 85 °C hard (Raspberry Pi, config.txt)."""


def temperature(box: Box) -> CheckResult:
    """HOT, and ``soc_c``; PICTURE_COOLED by the endpoint's word."""
    told = reported(box, ProblemKey.PICTURE_COOLED)
    celsius = soc_celsius(box.root)
    if celsius is None:
        return CheckResult(told)
    observation = above(
        ProblemKey.HOT, celsius, wrong=HOT_C, fine=COOL_C, detail=f"{celsius:.1f} °C"
    )
    return CheckResult((observation, *told), {"soc_c": round(celsius, 1)})
