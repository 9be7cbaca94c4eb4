"""Does the endpoint live?"""

from appliance.core.alarms import when
from appliance.core.problems import TroubleKey
from services.health.check_api import Box, Finding, told


def endpoint(box: Box) -> Finding:
    """ENDPOINT_SILENT where its fact file is missing or stale; ``endpoint_age_s``.

    Its troubles that no other check speaks of are passed on: the province, the call.
    """
    silent = when(TroubleKey.ENDPOINT_SILENT, box.endpoint is None)
    if box.endpoint is None:
        return Finding((silent,))
    calls = (key for key in TroubleKey if key.value.startswith("call-"))
    verdicts = told(box, TroubleKey.PROVINCE, TroubleKey.SITE_FILE, *calls)
    age = max(0.0, box.now - float(box.endpoint["at"]))
    return Finding((silent, *verdicts), {"endpoint_age_s": round(age, 1)})
