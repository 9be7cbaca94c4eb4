"""How old is the agenda?"""

from appliance.core.problems import ProblemKey
from services.health.check_api import Box, CheckResult, reported

MAX_FACT_LETTERS = 400
"""Of a fact, as `wire.report` takes them with room to spare."""


def agenda(box: Box) -> CheckResult:
    """The agenda's problems by the endpoint's word, and ``agenda_age_s``.

    ``agenda`` says in sentences what of it was left out or guessed.
    """
    observations = reported(
        box,
        ProblemKey.AGENDA_MISSING,
        ProblemKey.AGENDA_OLD,
        ProblemKey.AGENDA_BROKEN,
        ProblemKey.MEETING_WITHOUT_ADDRESS,
        ProblemKey.MEETING_LEFT_OUT,
    )
    if box.endpoint is None:
        return CheckResult(observations)
    at, told = box.endpoint.agenda_at, "; ".join(box.endpoint.agenda_problems)
    facts = {"agenda": told[:MAX_FACT_LETTERS]} if told else {}
    if at is None or not box.trusted:
        return CheckResult(observations, facts=facts)
    return CheckResult(observations, {"agenda_age_s": round(max(0.0, box.now - at))}, facts)
