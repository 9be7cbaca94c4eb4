"""How old is the agenda?"""

from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult, reported


def agenda(box: Box) -> CheckResult:
    """The agenda's problems by the endpoint's word, and ``agenda_age_s``."""
    observations = reported(
        box,
        ProblemKey.AGENDA_MISSING,
        ProblemKey.AGENDA_OLD,
        ProblemKey.AGENDA_BROKEN,
        ProblemKey.MEETING_WITHOUT_ADDRESS,
        ProblemKey.MEETING_LEFT_OUT,
    )
    at = box.endpoint.agenda_at if box.endpoint is not None else None
    if at is None or not box.trusted:
        return CheckResult(observations)
    return CheckResult(observations, {"agenda_age_s": round(max(0.0, box.now - at))})
