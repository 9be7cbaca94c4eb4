"""Is a TV plugged in, and does it say that it is on?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.display.tv_state import TvState
from hardware.vitals.tv import cec_devices, tvs
from services.health.check_api import Box, CheckResult, reported


def tv(box: Box) -> CheckResult:
    """TV_UNPLUGGED by HDMI's hot-plug line; TV_UNCONFIRMED and TV_INPUT by the endpoint, which
    wakes it and asks it; TV_PROGRAM by the endpoint, which draws on it.

    Where nobody can ask, TV_UNCONFIRMED is a plugged one that tells nothing of itself (no EDID).

    ``tv`` is its name and CEC address, ``tv_power`` a value of `TvState`. A TV that sleeps may take
    its line away: the alarm waits.
    """
    observations = reported(box, ProblemKey.TV_PROGRAM, ProblemKey.TV_INPUT)
    connectors = tvs(box.root)
    plugged = [one for one in connectors if one.connected]
    power = "" if box.endpoint is None else box.endpoint.tv
    if power not in ("", TvState.NO_ADAPTER):
        observations += reported(box, ProblemKey.TV_UNCONFIRMED)
    elif connectors:
        silent = bool(plugged) and not any(one.answers for one in plugged)
        observations += (when(ProblemKey.TV_UNCONFIRMED, silent),)
    if connectors:
        observations += (when(ProblemKey.TV_UNPLUGGED, not plugged),)
    facts: dict[str, str] = {}
    if plugged:
        facts["tv"] = f"{plugged[0].name} {plugged[0].physical_address}".strip()
    if adapters := cec_devices(box.root):
        facts["cec"] = ", ".join(adapters)
    if power:
        facts["tv_power"] = power
    return CheckResult(observations, facts=facts)
