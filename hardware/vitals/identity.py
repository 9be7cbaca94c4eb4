"""Which box this is and what runs on it: serial, model, board, release, slot."""

import re
from pathlib import Path

from hardware.vitals.sysfs import word

_SLOT = re.compile(r"(?:^|\s)rauc\.slot=(\S+)")
_VERSION = re.compile(r'^IMAGE_VERSION="?([^"\n]*)"?$', re.MULTILINE)


def serial(root: Path) -> str:
    """The board's serial number from the device tree; "" where there is none."""
    return word(root / "proc/device-tree/serial-number") or ""


def model(root: Path) -> str:
    """``Raspberry Pi 5 Model B Rev 1.0``; "" where there is no device tree."""
    return word(root / "proc/device-tree/model") or ""


def board(root: Path) -> str:
    """``raspberrypi,4-model-b``: what the device tree says that the board is; "" without a tree."""
    return (word(root / "proc/device-tree/compatible") or "").partition("\0")[0]


def slot(root: Path) -> str:
    """The slot that was booted, from the kernel's command line (``rauc.slot=A``); "" for none."""
    found = _SLOT.search(word(root / "proc/cmdline") or "")
    return found.group(1) if found else ""


def release(root: Path) -> str:
    """``IMAGE_VERSION`` of os-release(5); "" on a machine that is no image of ours."""
    found = _VERSION.search(word(root / "etc/os-release") or "")
    return found.group(1) if found else ""


def boot_id(root: Path) -> str:
    """The kernel's random(4) boot id; "unknown" where procfs is not there."""
    return word(root / "proc/sys/kernel/random/boot_id") or "unknown"


def uptime_s(root: Path) -> float:
    """Seconds since the boot; 0 where procfs is not there."""
    try:
        return float((word(root / "proc/uptime") or "0").split()[0])
    except (ValueError, IndexError):
        return 0.0
