"""How often did the programs end without being asked to?"""

from math import inf

from appliance.base.fact_file import FactFile
from appliance.base.program_ends import ENDPOINT_RUN, HEALTH_RUN
from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from appliance.wire.facts import RunFacts
from services.health.check_api import Box, CheckResult

ALARM_S = 3600.0
"""An end is an alarm for an hour; its count stays for as long as the power is on."""
PROGRAMS = {"endpoint": ENDPOINT_RUN, "health": HEALTH_RUN}


def restarts(box: Box) -> CheckResult:
    """UNIT_FAILED with program, count and reason.

    Also ``endpoint_restarts``, ``health_restarts``; why: ``endpoint_end``, ``health_end``.
    """
    found = {name: _read(box, file) for name, file in PROGRAMS.items()}
    known = {name: facts for name, facts in found.items() if facts is not None}
    lately = [
        f"{name}: {facts.ends} times, last by {facts.reason}"
        for name, facts in known.items()
        if facts.ends and 0.0 <= box.monotonic - facts.ended_s < ALARM_S
    ]
    return CheckResult(
        (when(ProblemKey.UNIT_FAILED, bool(lately), "; ".join(lately)[:200]),),
        {f"{name}_restarts": float(facts.ends) for name, facts in known.items()},
        {f"{name}_end": facts.reason for name, facts in known.items() if facts.ends},
    )


def _read(box: Box, file: FactFile[RunFacts]) -> RunFacts | None:
    return None if box.run is None else file.read(box.run, box.now, inf)
