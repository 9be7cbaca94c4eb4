"""Does the endpoint live?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult, reported


def endpoint(box: Box) -> CheckResult:
    """ENDPOINT_SILENT where its fact file is missing or stale; ``endpoint_age_s``.

    Its problems that no other check speaks of are passed on: the province, the call, a part that
    failed. So is a write of its own that the disk did not take: the canary writes each quarter of
    an hour.
    """
    silent = when(ProblemKey.ENDPOINT_SILENT, box.endpoint is None)
    if box.endpoint is None:
        return CheckResult((silent,))
    calls = [key for key in ProblemKey if key.value.startswith("call-")]
    calls += [ProblemKey.FAR_VIDEO, ProblemKey.ROOM_CODEC]
    calls += [ProblemKey.PART_FAILED, ProblemKey.DISK_FULL, ProblemKey.STORAGE]
    observations = reported(box, ProblemKey.PROVINCE, ProblemKey.SITE_FILE, *calls)
    age = max(0.0, box.now - box.endpoint.at)
    return CheckResult((silent, *observations), {"endpoint_age_s": round(age, 1)})
