"""Why did the box start last?"""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.base.atomic_file import write_atomically
from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.identity import boot_id, uptime_s
from hardware.vitals.reboot import by_panic, by_watchdog
from services.health.check_api import Box, CheckResult

ALARM_S = 3600.0
"""An unexpected restart is an alarm for an hour and a fact for as long as the boot lasts."""


class Reason(StrEnum):
    """Why this boot began."""

    FIRST = "first"
    WANTED = "wanted"
    POWER = "power"
    WATCHDOG = "watchdog"
    PANIC = "panic"


EXPECTED = frozenset({Reason.FIRST, Reason.WANTED})


class Reboot:
    """Keeps a mark on the data partition: "running" at the start, "stopped" at a wanted end.

    Who finds "running" of another boot knows that nobody stopped that one.
    """

    def __init__(self, mark: Path, root: Path) -> None:
        self._mark = mark
        self._boot = boot_id(root)
        self.reason = reason_of(_read(mark), root)
        self._write("running")

    def stopped(self) -> None:
        """The program ends as wanted; if the box goes down now, that was wanted, too."""
        self._write("stopped")

    def __call__(self, box: Box) -> CheckResult:
        """RESTARTED; ``reboot``."""
        lately = uptime_s(box.root) < ALARM_S
        unexpected = lately and self.reason not in EXPECTED
        observation = when(ProblemKey.RESTARTED, unexpected, self.reason.value)
        return CheckResult((observation,), facts={"reboot": self.reason.value})

    def _write(self, state: str) -> None:
        mark = {"boot_id": self._boot, "state": state, "reason": self.reason.value}
        try:
            write_atomically(self._mark, json.dumps(mark).encode())
        except OSError:
            return  # the canary says what is wrong with the partition


def reason_of(mark: dict[str, Any], root: Path) -> Reason:
    """From the mark that was left and the signs that the hardware keeps."""
    if mark.get("boot_id") == boot_id(root) and mark.get("reason") in set(Reason):
        return Reason(mark["reason"])
    if by_watchdog(root):
        return Reason.WATCHDOG
    if by_panic(root):
        return Reason.PANIC
    if not mark:
        return Reason.FIRST
    return Reason.WANTED if mark.get("state") == "stopped" else Reason.POWER


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
