"""Whether the SoC runs slower than it could, and why.

A Pi's firmware lowers the clock behind cpufreq's back: both attributes of cpufreq go on naming the
rate that was asked for (raspberrypi/linux #2986, #5874). So full speed is the firmware's to say, in
``get_throttled``, whose bits 0 to 3 are the present state: an attribute of Raspberry Pi OS's kernel
and of ``image/drivers/rpi_throttled.c``. Without it only a limit of the kernel's own is known.
"""

from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word

FIRMWARE = "sys/bus/platform/drivers/raspberrypi-firmware"
"""Here the firmware's device is, whatever its parent is called in a board's device tree."""
STATE_BITS = {1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
"""Bit 0 is under-voltage, which has a check of its own."""


def slowed_by(root: Path) -> tuple[str, ...] | None:
    """The reasons, none for full speed; None where it is not known."""
    bits = _firmware_bits(root)
    if bits is not None:
        return tuple(reason for bit, reason in STATE_BITS.items() if bits >> bit & 1)
    return ("frequency capped",) if _kernel_caps(root) else None


def _firmware_bits(root: Path) -> int | None:
    for device in entries(root / FIRMWARE):
        text = word(device / "get_throttled")
        if text:
            try:
                return int(text.removeprefix("throttled="), 16)
            except ValueError:
                return None
    return None


def _kernel_caps(root: Path) -> bool:
    """Whether the kernel's thermal governor, or somebody, asks for less than the most."""
    return any(
        limit is not None and most is not None and limit < most
        for policy in entries(root / "sys/devices/system/cpu/cpufreq")
        if policy.name.startswith("policy")
        for limit, most in [
            (whole(policy / "scaling_max_freq"), whole(policy / "cpuinfo_max_freq"))
        ]
    )
