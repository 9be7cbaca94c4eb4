"""Is a TV plugged in, and does it say that it is on?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.tv import cec_devices, tvs
from services.health.check_api import Box, CheckResult, reported


def tv(box: Box) -> CheckResult:
    """TV_UNPLUGGED by HDMI's hot-plug line; TV_UNCONFIRMED by the endpoint, which asks by CEC.

    ``tv`` is its name and CEC address. A TV that sleeps may take its line away: the alarm waits.
    """
    verdicts = reported(box, ProblemKey.TV_UNCONFIRMED)
    connectors = tvs(box.root)
    plugged = [one for one in connectors if one.connected]
    if connectors:
        verdicts = (when(ProblemKey.TV_UNPLUGGED, not plugged), *verdicts)
    facts: dict[str, str] = {}
    if plugged:
        facts["tv"] = f"{plugged[0].name} {plugged[0].physical_address}".strip()
    if adapters := cec_devices(box.root):
        facts["cec"] = ", ".join(adapters)
    return CheckResult(verdicts, facts=facts)
