"""Whether the SoC runs slower than it could, and why.

The Pi's firmware says so in ``get_throttled`` (driver raspberrypi-firmware, kernel of Raspberry Pi
OS): bits 0 to 3 are the present state. Elsewhere cpufreq's limit is compared with the maximum.
"""

from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word

STATE_BITS = {1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
"""Bit 0 is under-voltage, which has a check of its own."""


def slowed_by(root: Path) -> tuple[str, ...] | None:
    """The reasons, none for full speed; None where nothing is known."""
    text = word(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    if text:
        try:
            bits = int(text.removeprefix("throttled="), 16)
        except ValueError:
            return None
        return tuple(reason for bit, reason in STATE_BITS.items() if bits >> bit & 1)
    policies = [
        (whole(policy / "scaling_max_freq"), whole(policy / "cpuinfo_max_freq"))
        for policy in entries(root / "sys/devices/system/cpu/cpufreq")
        if policy.name.startswith("policy")
    ]
    known = [(limit, most) for limit, most in policies if limit is not None and most is not None]
    if not known:
        return None
    return ("frequency capped",) if any(limit < most for limit, most in known) else ()
