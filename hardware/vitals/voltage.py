"""Whether the supply's voltage is too low, as the firmware sees it.

The driver raspberrypi-hwmon asks the firmware every two seconds and clears its sticky bits, so the
sticky bits that ``vcgencmd get_throttled`` shows are not to be trusted; this attribute is.
"""

from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word


def under_voltage(root: Path) -> bool | None:
    """``in0_lcrit_alarm`` of the hwmon device ``rpi_volt``; None where there is no such device."""
    for device in entries(root / "sys/class/hwmon"):
        if word(device / "name") == "rpi_volt":
            alarm = whole(device / "in0_lcrit_alarm")
            return None if alarm is None else alarm != 0
    return None
