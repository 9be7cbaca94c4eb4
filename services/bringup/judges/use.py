"""The call, the power, the button, and starts: what the card has seen over time."""

import re

from appliance.core.cooling import DOWN_C
from services.bringup.check import Result, failed, hands, passed
from services.bringup.seen import Seen

CALL_S = 600.0
RESTARTS = 10
PULLS = 10
MAX_THREAD_PERCENT = 90
MAX_ALL_PERCENT = 90
STARTED_AGAIN = "started again"


def call(output: str, seen: Seen) -> Result:
    """`output`, the endpoint's fact file, is for who wants to know more."""
    del output
    told = f"{seen.call_s / 60:.1f} min in {seen.calls} calls"
    if seen.call_end:
        told += f", one ended: {seen.call_end}"
    if seen.no_calls and not seen.calls:
        return failed("the box says that it is too slow for calls")
    if seen.calls > 1:
        return failed(told)
    return passed(told) if seen.call_s >= CALL_S else hands(told)


def threads(output: str, seen: Seen) -> Result:
    """What the probe `threads` prints: ``all 41 %``, then threads by what they take of a core."""
    del seen
    whole = re.search(r"all (\d+) %", output)
    if whole is None:
        return hands(output)
    busiest = max((int(one) for one in re.findall(r"(\d+) % \S", output)), default=0)
    good = int(whole[1]) < MAX_ALL_PERCENT and busiest < MAX_THREAD_PERCENT
    return passed(output) if good else failed(output)


def heat(output: str, seen: Seen) -> Result:
    """The hottest of the call; `output` has what it is now."""
    if seen.hottest_c is None:
        return hands(output)
    told = f"{seen.hottest_c:.1f} °C"
    return passed(told) if seen.hottest_c < DOWN_C else failed(told)


def speed(output: str, seen: Seen) -> Result:
    """The clock in the call, and whether the firmware held it down."""
    if not seen.calls:
        return hands(output)
    if seen.slowed_by:
        return failed(f"{', '.join(sorted(seen.slowed_by))}; {output}")
    return passed(output)


def weak_charger(output: str, seen: Seen) -> Result:
    """`output` is the kernel's alarm of too low a voltage; none where no driver has it."""
    if seen.under_voltage:
        return passed("too low a voltage was seen and told")
    return hands(output) if output.strip() else failed("nothing tells of the voltage")


def short_press(output: str, seen: Seen) -> Result:
    """A press of the button, released in time."""
    return _pressed(output, seen, "short")


def long_press(output: str, seen: Seen) -> Result:
    """Held for a second and a half."""
    return _pressed(output, seen, "long")


def stuck_press(output: str, seen: Seen) -> Result:
    """Held for half a minute."""
    return _pressed(output, seen, "stuck")


def _pressed(output: str, seen: Seen, gesture: str) -> Result:
    return passed(output) if gesture in seen.gestures else hands(output or "no pin is read")


def restarts(output: str, seen: Seen) -> Result:
    """Those that the card asked for, each of which came up again and passed the slot check."""
    told = f"{seen.restarts} of {RESTARTS}; {output}".strip("; ")
    if seen.refused:
        return failed(f"{told}; {seen.refused}")
    return passed(told) if seen.restarts >= RESTARTS else hands(told)


def panic(output: str, seen: Seen) -> Result:
    """The next start had the kernel's last words."""
    if not seen.panic:
        return hands(output)
    return passed(seen.panic) if "panic" in seen.panic.lower() else failed(seen.panic)


def hang(output: str, seen: Seen) -> Result:
    """The watchdog started the box again."""
    if not seen.hang:
        return hands(output)
    return passed(seen.hang) if seen.hang == STARTED_AGAIN else failed(seen.hang)


def pulls(output: str, seen: Seen) -> Result:
    """Plugs pulled, each of which was followed by a start."""
    told = f"{seen.pulls} of {PULLS}; {output}".strip("; ")
    return passed(told) if seen.pulls >= PULLS else hands(told)


def both_slots(output: str, seen: Seen) -> Result:
    """B ran, and then A again."""
    told = f"{' '.join(seen.slots)}; {output}".strip("; ")
    ran_b = "B" in seen.slots
    return passed(told) if ran_b and "A" in seen.slots[seen.slots.index("B") :] else hands(told)


def only_a_person(output: str, seen: Seen) -> Result:
    """Nothing of it can be read."""
    del seen
    return hands(output)
