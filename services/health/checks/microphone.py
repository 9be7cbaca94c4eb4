"""Is the microphone there, and does it hear?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.sound import microphones
from services.health.check_api import Box, CheckResult, measured, reported


def microphone(box: Box) -> CheckResult:
    """MICROPHONE_MISSING by the kernel's word and the endpoint's; its level only the endpoint
    knows, which alone may open it: MICROPHONE_SILENT, and ``microphone_dbfs`` where it tells."""
    observations = reported(
        box,
        ProblemKey.MICROPHONE_MISSING,
        ProblemKey.MICROPHONE_SILENT,
        ProblemKey.SPEAKER_MISSING,
    )
    names = microphones(box.root)
    if box.site is not None and box.site.microphone.source.startswith("alsa:"):
        observations = (when(ProblemKey.MICROPHONE_MISSING, not names), *observations)
    figures = measured(microphone_dbfs=box.endpoint.microphone_dbfs if box.endpoint else None)
    return CheckResult(observations, figures, {"microphone": ", ".join(names)} if names else {})
