"""How old is the agenda?"""

from appliance.core.problems import TroubleKey
from services.health.check_api import Box, Finding, told


def agenda(box: Box) -> Finding:
    """The agenda's troubles by the endpoint's word, and ``agenda_age_s``."""
    verdicts = told(
        box,
        TroubleKey.AGENDA_MISSING,
        TroubleKey.AGENDA_OLD,
        TroubleKey.AGENDA_BROKEN,
        TroubleKey.MEETING_NAMELESS,
    )
    at = (box.endpoint or {}).get("agenda_at")
    if not isinstance(at, int | float) or not box.trusted:
        return Finding(verdicts)
    return Finding(verdicts, {"agenda_age_s": round(max(0.0, box.now - at))})
