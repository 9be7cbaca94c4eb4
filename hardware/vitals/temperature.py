"""The SoC's temperature (kernel: Documentation/driver-api/thermal/sysfs-api.rst)."""

from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word

SOC = ("cpu-thermal", "cpu_thermal", "soc-thermal")
"""The type of the SoC's zone on a Pi 5, a Pi 4, and elsewhere."""


def soc_celsius(root: Path) -> float | None:
    """Degrees Celsius of the SoC, else of the hottest zone; None where there is no sensor."""
    zones = [
        (word(zone / "type"), milli / 1000)
        for zone in entries(root / "sys/class/thermal")
        if zone.name.startswith("thermal_zone") and (milli := whole(zone / "temp")) is not None
    ]
    soc = [celsius for kind, celsius in zones if kind in SOC]
    return max(soc or [celsius for _, celsius in zones], default=None)
