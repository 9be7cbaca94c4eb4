"""What runs here?"""

from hardware.vitals.identity import model, release, serial, slot, uptime_s
from services.health.check_api import Box, CheckResult


def running(box: Box) -> CheckResult:
    """``release``, ``slot``, ``serial``, ``model``; ``uptime_s``."""
    facts = {
        "release": release(box.root),
        "slot": slot(box.root),
        "serial": serial(box.root),
        "model": model(box.root),
    }
    known = {name: value for name, value in facts.items() if value}
    return CheckResult(figures={"uptime_s": round(uptime_s(box.root))}, facts=known)
