"""Signs of why the box started last: the watchdog, a kernel's panic, the power.

A power cut leaves no sign in most boards. The Pi's firmware tells a cold start from a warm one
(the register ``PM_RSTS``), but not who asked for that: on a Pi every restart is the watchdog's.
"""

from enum import StrEnum
from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word

CARD_RESET = 0x0020
"""``WDIOF_CARDRESET`` (kernel: watchdog-api.rst): the last reboot was the watchdog's."""
LAST_PANIC = "run/diemcau-last-words/panic"
"""The line that says why, left by the initramfs (``image/recipe/init``) where there was a panic."""
RSTS = "proc/device-tree/chosen/bootloader/rsts"
"""``PM_RSTS`` as it was at the start, four bytes, the first the highest (Raspberry Pi,
documentation/config_txt/conditional.adoc); a Pi 4 and later have it."""
POWER_ON = 0x1000
"""In ``PM_RSTS``: power came (kernel: drivers/watchdog/bcm2835_wdt.c names its neighbours)."""


class Start(StrEnum):
    """How the hardware says that this start began."""

    COLD = "cold"
    """Power came."""
    WARM = "warm"
    """Something restarted the box under power."""
    WATCHDOG = "watchdog"
    """Warm, and it was the watchdog."""
    UNKNOWN = "unknown"


def start(root: Path) -> Start:
    """What is known of this start without anybody's notes."""
    watchdog = root / "sys/class/watchdog/watchdog0"
    if (whole(watchdog / "bootstatus") or 0) & CARD_RESET:
        return Start.WATCHDOG
    try:
        register = (root / RSTS).read_bytes()
    except OSError:
        register = b""
    if len(register) == 4:
        return Start.COLD if int.from_bytes(register) & POWER_ON else Start.WARM
    return Start.UNKNOWN


def watchdog_tells(root: Path) -> bool:
    """Whether the watchdog's driver would say that it had reset the box; the Pi's cannot."""
    return bool((whole(root / "sys/class/watchdog/watchdog0/options") or 0) & CARD_RESET)


def last_panic(root: Path) -> str | None:
    """Why the kernel before this one panicked, "" without its words; None where none did.

    Where nothing has taken the records away, one lies in pstore.
    """
    words = word(root / LAST_PANIC)
    if words is not None:
        return words
    records = [
        entry for entry in entries(root / "sys/fs/pstore") if entry.name.startswith("dmesg-")
    ]
    return "" if records else None
