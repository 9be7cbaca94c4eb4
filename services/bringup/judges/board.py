"""Board, firmware, start, card, drivers, pins and watchdog."""

import re
from datetime import UTC, datetime

from services.bringup.check import Result, failed, hands, passed
from services.bringup.seen import Seen

MAX_READY_S = 60.0
"""A Pi 4 with a good card is expected to need half of it; beyond, people pull the plug."""
GIVEN_UP_S = 300
"""An endpoint that is not READY by then is told as one that never was."""
MIN_READ_MB_S = 10.0
"""Below 6 the watchdog of the firmware ends U-Boot before it has read the kernel."""
MIN_CARD_HZ = 40_000_000
"""High speed has 50 MHz; 25 are a card or a reader that did not get out of its first mode."""
MAX_WATCHDOG_S = 60


def release(output: str, seen: Seen) -> Result:
    """``IMAGE_VERSION=…`` of os-release(5)."""
    del seen
    return passed(output) if "IMAGE_VERSION=" in output else failed(output or "no release")


def board(output: str, seen: Seen) -> Result:
    """The model of the device tree."""
    del seen
    return passed(output) if "Raspberry Pi" in output else failed(output or "no model")


def eeprom(output: str, seen: Seen) -> Result:
    """The first number is ``build-timestamp`` of ``/chosen/bootloader``, POSIX seconds."""
    del seen
    found = re.match(r"\s*(\d{9,10})\b", output)
    if not found:
        return failed(f"no date of the EEPROM (a Pi 3 has none); {output}".strip("; "))
    day = datetime.fromtimestamp(int(found[1]), UTC).date()
    return passed(f"EEPROM of {day}; {output[found.end() :].strip()}".strip("; "))


def start_times(output: str, seen: Seen) -> Result:
    """A unit and its microseconds a line, the uptime, the journal's line of the first picture."""
    del seen
    active = {
        name: int(count) / 1e6
        for name, count in re.findall(r"^diemcau-(\w+) (\d+)$", output, re.MULTILINE)
        if int(count)
    }
    if picture := re.search(r"^\[\s*([\d.]+)\].*first picture", output, re.MULTILINE):
        active["page"] = float(picture[1])
    names = {"screen": "background", "page": "page", "endpoint": "READY"}
    told = ", ".join(
        f"{name} {active[key]:.1f} s" if key in active else f"{name} not yet"
        for key, name in names.items()
    )
    if "endpoint" not in active:
        uptime = re.search(r"^uptime (\d+)$", output, re.MULTILINE)
        waits = uptime is not None and int(uptime[1]) < GIVEN_UP_S
        return hands(told) if waits else failed(told)
    return passed(told) if active["endpoint"] <= MAX_READY_S else failed(told)


def card_mode(output: str, seen: Seen) -> Result:
    """``ios`` of mmc0 in debugfs (kernel: drivers/mmc/core/debugfs.c)."""
    del seen
    values = dict(re.findall(r"^([\w ]+):\s+(.*?)\s*$", output, re.MULTILINE))
    clock = re.match(r"\d+", values.get("actual clock") or values.get("clock", ""))
    if clock is None:
        return failed(output or "no mmc0")
    width = re.search(r"\((\d+) bits\)", values.get("bus width", ""))
    told = ", ".join(
        [
            f"{int(clock[0]) / 1e6:.0f} MHz",
            values.get("bus width", "no width"),
            values.get("timing spec", "no mode"),
            values.get("signal voltage", ""),
        ]
    ).strip(", ")
    good = int(clock[0]) >= MIN_CARD_HZ and width is not None and int(width[1]) >= 4
    return passed(told) if good else failed(told)


def nothing_there(output: str, seen: Seen) -> Result:
    """No output is how it has to be: nothing waits, nothing failed."""
    del seen
    return failed(output) if output.strip() else passed("nothing")


def slot_good(output: str, seen: Seen) -> Result:
    """systemd's word of the slot check."""
    del seen
    first = output.partition("\n")[0].strip()
    return passed(output) if first == "active" else failed(output or "no answer")


def network(output: str, seen: Seen) -> Result:
    """``end0 carrier 1 speed 1000 duplex full``, a line for each socket."""
    del seen
    lines = re.findall(r"^(\S+) carrier (\d?) speed (-?\d*) duplex (\w*)$", output, re.MULTILINE)
    if not lines:
        return failed(output or "no network socket")
    plugged = [line for line in lines if line[1] == "1"]
    if not plugged:
        return hands("no cable")
    told = ", ".join(f"{name} {speed} Mbit/s {duplex}" for name, _, speed, duplex in plugged)
    best = max(int(speed or 0) for _, _, speed, _ in plugged)
    return passed(told) if best >= 1000 else failed(told)


def address(output: str, seen: Seen) -> Result:
    """``ip -brief -4 address``: one beside loopback's, which the call is made over."""
    del seen
    found = [line for line in output.splitlines() if line.split()[:1] != ["lo"]]
    return passed(" ".join(found)) if re.search(r"\d/\d", " ".join(found)) else hands("no address")


def pins(output: str, seen: Seen) -> Result:
    """The chips of debugfs' ``gpio``, one of which has the header."""
    del seen
    header = re.search(r"pinctrl-(bcm2835|bcm2711|rp1)", output)
    return passed(output) if header else failed(output or "no GPIO chip")


def watchdog(output: str, seen: Seen) -> Result:
    """wdctl(8)."""
    del seen
    identity = re.search(r"^Identity:\s+(.+?)(?: \[.*)?$", output, re.MULTILINE)
    timeout = re.search(r"^Timeout:\s+(\d+)", output, re.MULTILINE)
    if identity is None or timeout is None:
        return failed(output or "no watchdog")
    told = f"{identity[1]}, {timeout[1]} s"
    return passed(told) if int(timeout[1]) <= MAX_WATCHDOG_S else failed(told)


def read_speed(output: str, seen: Seen) -> Result:
    """The last line of dd(1) in the C locale."""
    del seen
    found = re.search(r"^(\d+) bytes .*copied, ([\d.e+-]+) s", output, re.MULTILINE)
    if found is None or float(found[2]) <= 0:
        return failed(output or "nothing was read")
    rate = int(found[1]) / float(found[2]) / 1e6
    told = f"{rate:.1f} MB/s"
    return passed(told) if rate >= MIN_READ_MB_S else failed(told)
