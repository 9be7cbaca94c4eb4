"""A clock that runs without power, as a Pi 5 and some boards with a CM4 have one (rtc(4))."""

from pathlib import Path

HARDWARE_CLOCKS = Path("/sys/class/rtc")
"""Each with ``hctosys``, 1 where it set the clock at the start, and ``since_epoch``, its own hour
(kernel: Documentation/ABI/testing/sysfs-class-rtc)."""
HARDWARE_CLOCK_AGREES_S = 120.0
"""Two quartzes of 20 ppm are that far apart after a month."""


def set_by_hardware_clock(clocks: Path, now: float) -> bool:
    """Whether a hardware clock set this one at the start, and still says about the same.

    It says another hour where something else set ours since: systemd, which goes on from the last
    hour that was kept where a hardware clock without a battery began at 1970 again.
    """
    for file in clocks.glob("*/hctosys"):
        try:
            gave_hour = file.read_text().strip() == "1"
            says = int((file.parent / "since_epoch").read_text())
        except (OSError, ValueError):  # its oscillator stood still: the driver refuses to read
            continue
        if gave_hour and abs(now - says) <= HARDWARE_CLOCK_AGREES_S:
            return True
    return False
