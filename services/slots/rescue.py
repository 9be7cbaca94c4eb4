"""What is wrong with a box that has used up its unplanned restarts: a judgement of each slot.

The count is the initramfs's (``image/recipe/init``): one byte a start on the data partition. Beyond
the budget it leaves its number in ``/run``, which is all that says "rescue" from then on.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from appliance.core.rescue import NOT_PASSED, RescueProblem
from appliance.wire.facts import FailedSlotFacts, UpdateFacts
from services.slots.failure_reason import REACHED_DATA, REACHED_NOTHING, why
from services.slots.header import SlotHeader
from services.slots.record import Outcome, SlotRecord, Trial
from services.slots.state import ATTEMPTS, SLOTS

BUDGET = ATTEMPTS * len(SLOTS)
"""Starts in a row that may miss the gate: all attempts of both slots. The next one is in rescue."""
COUNT = "boot/starts"
"""Below the data partition."""
FLAG = "starts"
"""Below the rescue's folder in /run: how many; where it is, the box is in rescue."""
PICTURE = "screen.env"
"""Beside it: which picture the compositor's unit has behind the endpoint."""
FOLDER = "/run/diemcau-rescue"

UNREADABLE = "the slot cannot be read"

_PROBLEMS: Mapping[str, RescueProblem] = {
    f"{NOT_PASSED}: screen": RescueProblem.SCREEN,
    f"{NOT_PASSED}: endpoint": RescueProblem.ENDPOINT,
    f"{NOT_PASSED}: picture": RescueProblem.PICTURE,
    REACHED_NOTHING: RescueProblem.NO_START,
    REACHED_DATA: RescueProblem.HUNG,
}


def starts(folder: Path) -> int:
    """How many starts in a row missed the gate; 0 where the box is not in rescue."""
    try:
        return int((folder / FLAG).read_text())
    except (OSError, ValueError):
        return 0


def leave(folder: Path, data: Path) -> None:
    """The gate is passed: the count begins anew, and the next background is the plain one.

    Raises `OSError` where the data partition takes nothing.
    """
    for left in (folder / FLAG, folder / PICTURE):
        with suppress(OSError):
            left.unlink(missing_ok=True)
    (data / COUNT).unlink(missing_ok=True)


def failed(
    slot: str,
    header: SlotHeader,
    record: SlotRecord,
    *,
    reached: bool,
    damage: Callable[[], str],
) -> Trial:
    """Why the release in `slot`, which may be the running one, did not get there.

    What was noted of it stands; `damage` reads the whole slot and is asked only where nothing was.
    """
    known = record.trial(slot, header.version)
    if known is not None and known.outcome is Outcome.FAILED:
        return known
    return Trial(header.version, Outcome.FAILED, why(reached=reached, damage=damage))


def problem_of(reason: str) -> RescueProblem:
    """What the technician's word means to who stands before the TV."""
    if damaged(reason) or reason.startswith(UNREADABLE):
        return RescueProblem.CARD
    return _PROBLEMS.get(reason, RescueProblem.UNKNOWN)


def damaged(reason: str) -> bool:
    """Whether it says that what was written is there no more; that will be so tomorrow, too."""
    return reason not in _PROBLEMS and "is damaged" in reason


def facts(count: int, running: str, trials: Mapping[str, Trial]) -> UpdateFacts:
    """For the neighbours: health tells the province, and the rescue page is drawn of it."""
    slots = tuple(
        FailedSlotFacts(
            slot=slot,
            version=trial.version,
            problem=problem_of(trial.reason).value,
            reason=trial.reason,
        )
        for slot, trial in sorted(trials.items())
    )
    reasons = [f"{slot} {trial.version}: {trial.reason}" for slot, trial in sorted(trials.items())]
    return UpdateFacts(
        state="rescue",
        release=trials[running].version if running in trials else "",
        slot=running,
        detail="; ".join([f"{count} starts in a row did not pass the gate", *reasons]),
        starts=count,
        slots=slots,
    )
