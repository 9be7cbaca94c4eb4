"""Signs of why the box started last: the watchdog, a kernel's panic.

A power cut leaves no sign of its own; it is what remains when nobody wrote down a wanted end.
"""

from pathlib import Path

from hardware.vitals.sysfs import entries, whole

CARD_RESET = 0x0020
"""``WDIOF_CARDRESET`` (kernel: watchdog-api.rst): the last reboot was the watchdog's."""


def by_watchdog(root: Path) -> bool:
    """Whether the watchdog says that it reset the box."""
    return bool((whole(root / "sys/class/watchdog/watchdog0/bootstatus") or 0) & CARD_RESET)


def by_panic(root: Path) -> bool:
    """Whether a panic of the kernel before this one lies in pstore."""
    return any(entry.name.startswith("dmesg-") for entry in entries(root / "sys/fs/pstore"))
