"""Sockets of the TV, its mode, its memory, CEC."""

import re

from services.bringup.check import Result, failed, hands, passed
from services.bringup.seen import Seen

EDID_BYTES = 128
"""One block (VESA E-EDID); less is a TV that cannot be read."""
WANTED_MODE = "1280x720"
MIN_CMA_KB = 180_000
"""``cma=192M``; a little goes to the kernel."""
MIN_FREE_CMA_KB = 40_000
"""One more picture of a 4K TV."""


def sockets(output: str, seen: Seen) -> Result:
    """``HDMI-A-1 connected enabled edid 256 modes …``, a line for each."""
    del seen
    lines = re.findall(r"^(\S+) (\w+) (\w+) edid (\d+) modes ?(.*)$", output, re.MULTILINE)
    if not lines:
        return failed(output or "no socket for a TV")
    with_tv = [line for line in lines if line[1] == "connected"]
    told = "; ".join(" ".join(line) for line in lines)
    if not with_tv:
        return hands(told)
    return passed(told) if any(int(line[3]) >= EDID_BYTES for line in with_tv) else failed(told)


def mode(output: str, seen: Seen) -> Result:
    """The lines ``mode: "1280x720": 60 …`` of the display's state in debugfs."""
    del seen
    modes = sorted(set(re.findall(r'mode: "(\w+)": (\d+)', output)) - {("", "0")})
    told = ", ".join(f"{size} at {rate} Hz" for size, rate in modes)
    if not modes:
        return hands("no picture is sent: is the TV on?")
    return passed(told) if any(size == WANTED_MODE for size, _ in modes) else failed(told)


def contiguous_memory(output: str, seen: Seen) -> Result:
    """``CmaTotal`` and ``CmaFree`` of proc_meminfo(5)."""
    del seen
    values = {name: int(kb) for name, kb in re.findall(r"Cma(\w+):\s+(\d+) kB", output)}
    if not {"Total", "Free"} <= values.keys():
        return failed(output or "no contiguous memory")
    told = f"{values['Free'] // 1024} MiB of {values['Total'] // 1024} free"
    enough = values["Total"] >= MIN_CMA_KB and values["Free"] >= MIN_FREE_CMA_KB
    return passed(told) if enough else failed(told)


def late_tv(output: str, seen: Seen) -> Result:
    """A start without a TV, and one that came."""
    del output
    return passed(f"{seen.late_tvs} times") if seen.late_tvs else hands()


def plug_in_call(output: str, seen: Seen) -> Result:
    """The kernel saw the plug go and come in the call, and a picture is sent."""
    del output
    told = f"gone {seen.away_in_call}, back {seen.back_in_call}"
    return passed(told) if seen.away_in_call and seen.back_in_call else hands(told)


def only_eyes(output: str, seen: Seen) -> Result:
    """Whatever the kernel saw of it, the picture is what counts."""
    return hands(
        f"{output} plug seen to go {seen.away}, to come {seen.back}, in the call"
        f" {seen.away_in_call} and {seen.back_in_call}".strip()
    )


def both_sockets(output: str, seen: Seen) -> Result:
    """`output` is the number of sockets; each must have had a TV with a picture."""
    told = ", ".join(sorted(seen.shown)) or "none"
    try:
        count = int(output)
    except ValueError:
        return failed(output or "no socket is known")
    if count == 0:
        return failed("no HDMI socket")
    return passed(told) if len(seen.shown) >= min(count, 2) else hands(f"so far {told}")


def cec(output: str, seen: Seen) -> Result:
    """What the probe `cec` prints, a line for each adapter."""
    del seen
    if not output.strip() or "no adapter" in output:
        return failed(output or "no answer")
    if "answers" in output:
        return passed(output)
    return failed(output) if "silent" in output else hands(output)
