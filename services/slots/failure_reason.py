"""Why the other slot does not run: a pure judgement of what each attempt has left behind."""

from collections.abc import Callable

from appliance.core.rescue import UNDAMAGED
from services.slots.header import SlotHeader
from services.slots.record import Outcome, SlotRecord, Trial

REACHED_NOTHING = (
    f"{UNDAMAGED}, but no attempt reached the data partition: its kernel panicked or hung, or the"
    " power was cut each time"
)
REACHED_DATA = (
    f"{UNDAMAGED}, but no attempt got as far as the gate: it hung, or the power was cut each time"
)


def judge(
    slot: str,
    header: SlotHeader | None,
    attempts: int,
    record: SlotRecord,
    *,
    reached: bool,
    damage: Callable[[], str],
) -> Trial | None:
    """What is to be noted of `slot`, which does not run; None where nothing new is known.

    `reached`: an attempt of this very release has mounted the data partition. `damage` reads the
    whole slot and is asked only where nothing else says why.
    """
    if header is None or attempts:
        return None
    known = record.trial(slot, header.version)
    if known is not None and known.outcome is Outcome.FAILED:
        return None
    return Trial(header.version, Outcome.FAILED, why(reached=reached, damage=damage))


def why(*, reached: bool, damage: Callable[[], str]) -> str:
    """Why a release got no further of which nobody has noted anything."""
    return damage() or (REACHED_DATA if reached else REACHED_NOTHING)
