"""Is the time known, and is the province's hour believed where no time server answers?"""

from math import inf

from appliance.base.fact_file import HOUR_FILE
from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult


def clock(box: Box) -> CheckResult:
    """CLOCK: the time that stands in a report with this alarm is not to be believed. HOUR_REFUSED,
    with the host and the code of ``diemcau hour``."""
    facts = None if box.run is None else HOUR_FILE.read(box.run, box.now, inf)
    refused = facts is not None and bool(facts.code)
    detail = f"{facts.source}: {facts.code}" if facts is not None and refused else ""
    return CheckResult(
        (
            when(ProblemKey.CLOCK, not box.trusted),
            when(ProblemKey.HOUR_REFUSED, refused, detail),
        )
    )
