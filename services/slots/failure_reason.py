"""Why the other slot does not run: a pure judgement of what each attempt has left behind.

The reasons are kept in the slots' record and read by the other slot's release, which may be older
or newer (`core.rescue`, `services.slots.rescue`): their words never change.
"""

from collections.abc import Callable

from appliance.core.rescue import UNDAMAGED
from services.slots.header import SlotHeader
from services.slots.record import Outcome, SlotRecord, SlotResult

NEVER_REACHED_DATA = (
    f"{UNDAMAGED}, but no attempt reached the data partition: its kernel panicked or hung, or the"
    " power was cut each time"
)
REACHED_DATA = (
    f"{UNDAMAGED}, but no attempt got as far as the gate: it hung, or the power was cut each time"
)


def new_failure(
    slot: str,
    header: SlotHeader | None,
    attempts: int,
    record: SlotRecord,
    *,
    reached: bool,
    damage: Callable[[], str],
) -> SlotResult | None:
    """What is to be noted of `slot`, which does not run; None where nothing new is known.

    `attempts`: how many it has left. `reached`: an attempt of this very release has mounted the
    data partition. `damage` reads the whole slot and is asked only where nothing else says why.
    """
    if header is None or attempts:
        return None
    known = record.result(slot, header.version)
    if known is not None and known.outcome is Outcome.FAILED:
        return None
    return SlotResult(header.version, Outcome.FAILED, unnoted_reason(reached, damage))


def unnoted_reason(reached: bool, damage: Callable[[], str]) -> str:
    """Why a release got no further, where none of its own attempts has noted a reason."""
    return damage() or (REACHED_DATA if reached else NEVER_REACHED_DATA)
