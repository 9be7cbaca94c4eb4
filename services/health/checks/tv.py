"""Is a TV plugged in, and does it say that it is on?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.tv import cec_devices, tvs
from services.health.check_api import Box, CheckResult, reported


def tv(box: Box) -> CheckResult:
    """TV_UNPLUGGED by HDMI's hot-plug line; TV_UNCONFIRMED where the plugged one tells nothing of
    itself (no EDID, as of one in standby); TV_PROGRAM by the endpoint, which draws on it.

    ``tv`` is its name and CEC address. A TV that sleeps may take its line away: the alarm waits.
    """
    observations = reported(box, ProblemKey.TV_PROGRAM)
    connectors = tvs(box.root)
    plugged = [one for one in connectors if one.connected]
    if connectors:
        silent = bool(plugged) and not any(one.answers for one in plugged)
        observations = (
            when(ProblemKey.TV_UNPLUGGED, not plugged),
            when(ProblemKey.TV_UNCONFIRMED, silent),
            *observations,
        )
    facts: dict[str, str] = {}
    if plugged:
        facts["tv"] = f"{plugged[0].name} {plugged[0].physical_address}".strip()
    if adapters := cec_devices(box.root):
        facts["cec"] = ", ".join(adapters)
    return CheckResult(observations, facts=facts)
