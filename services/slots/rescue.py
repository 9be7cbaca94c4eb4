"""Why each slot of a box in rescue failed, for the rescue page and for the province. Pure."""

from collections.abc import Callable, Mapping

from appliance.core.rescue import NOT_PASSED, RescueProblem
from appliance.wire.facts import FailedSlotFacts, UpdateFacts
from services.slots.failure_reason import NEVER_REACHED_DATA, REACHED_DATA, unnoted_reason
from services.slots.header import SlotHeader
from services.slots.record import Outcome, SlotRecord, SlotResult

UNREADABLE = "the slot cannot be read"
"""How the reason begins where the card gives no bytes."""

_PROBLEMS: Mapping[str, RescueProblem] = {
    f"{NOT_PASSED}: screen": RescueProblem.SCREEN,
    f"{NOT_PASSED}: settings": RescueProblem.SETTINGS,
    f"{NOT_PASSED}: endpoint": RescueProblem.ENDPOINT,
    f"{NOT_PASSED}: picture": RescueProblem.PICTURE,
    NEVER_REACHED_DATA: RescueProblem.NO_START,
    REACHED_DATA: RescueProblem.HUNG,
}


def failed_result(
    slot: str,
    header: SlotHeader,
    record: SlotRecord,
    *,
    reached: bool,
    damage: Callable[[], str],
) -> SlotResult:
    """Why the release in `slot`, which may be the running one, did not become good.

    What was noted of it stands; `damage` reads the whole slot and is asked only where nothing was.
    """
    known = record.result(slot, header.version)
    if known is not None and known.outcome is Outcome.FAILED:
        return known
    return SlotResult(header.version, Outcome.FAILED, unnoted_reason(reached, damage))


def problem_of(reason: str) -> RescueProblem:
    """What the technician's `reason` means to whoever stands before the TV."""
    if is_damaged(reason) or reason.startswith(UNREADABLE):
        return RescueProblem.CARD
    return _PROBLEMS.get(reason, RescueProblem.UNKNOWN)


def is_damaged(reason: str) -> bool:
    """Whether `reason` says that what was written has changed; that will be so tomorrow, too."""
    return reason not in _PROBLEMS and "is damaged" in reason


def rescue_facts(count: int, running: str, results: Mapping[str, SlotResult]) -> UpdateFacts:
    """For the other programs: health tells the province, and the rescue page is drawn of it.

    `count` starts in a row were not good; `running` is the slot that runs now.
    """
    slots = tuple(
        FailedSlotFacts(
            slot=slot,
            version=result.version,
            problem=problem_of(result.reason).value,
            reason=result.reason,
        )
        for slot, result in sorted(results.items())
    )
    reasons = [f"{slot} {one.version}: {one.reason}" for slot, one in sorted(results.items())]
    return UpdateFacts(
        state="rescue",
        release=results[running].version if running in results else "",
        slot=running,
        detail="; ".join([f"{count} starts in a row did not pass the gate", *reasons]),
        starts=count,
        slots=slots,
    )
