"""Is the board one that can do all that a site needs?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.boards import board_problems
from hardware.vitals.identity import model
from services.health.check_api import Box, CheckResult

KEYS = (ProblemKey.BOARD_TOO_SLOW, ProblemKey.BOARD_SOUND)


def board(box: Box) -> CheckResult:
    """BOARD_TOO_SLOW, and BOARD_SOUND where neither the TV nor anything on USB can be heard; each
    with the model.

    By the kernel's word and not the endpoint's: the province learns it of a box whose endpoint
    fails, too.
    """
    found = {problem.key for problem in board_problems(box.root)}
    name = model(box.root)
    return CheckResult(tuple(when(key, key in found, name) for key in KEYS))
