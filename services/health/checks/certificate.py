"""How long does the site's certificate last?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from services.health.check_api import NOTHING, Box, CheckResult

SOON_DAYS = 14.0
"""It is renewed at two thirds of its life: so near its end something has failed for months."""
DAY_S = 86400.0


def certificate(box: Box) -> CheckResult:
    """CERTIFICATE_ENDS, CERTIFICATE_OVER; ``certificate_days``."""
    if box.certificate_end is None or not box.trusted:
        return NOTHING
    days = (box.certificate_end - box.now) / DAY_S
    return CheckResult(
        (
            when(ProblemKey.CERTIFICATE_ENDS, 0 <= days < SOON_DAYS, f"{days:.0f}"),
            when(ProblemKey.CERTIFICATE_OVER, days < 0, f"{-days:.0f}"),
        ),
        {"certificate_days": round(days, 1)},
    )
