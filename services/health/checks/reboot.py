"""Why did the box start last?"""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.base.atomic_file import write_atomically
from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.identity import boot_id, uptime_s
from hardware.vitals.reboot import Start, last_panic, start, watchdog_tells
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
    RESET = "reset"
    """Under power, and nobody left a word: the watchdog, or a kernel that could not speak."""
    UNKNOWN = "unknown"
    """Not as wanted; this board cannot say whether the power went."""


EXPECTED = frozenset({Reason.FIRST, Reason.WANTED})


class Reboot:
    """Keeps a mark on the data partition: "running" at the start, "stopped" at a wanted end.

    Who finds "running" of another boot knows that nobody stopped that one.
    """

    def __init__(self, mark: Path, root: Path) -> None:
        self._mark = mark
        self._boot = boot_id(root)
        self.reason = reason_of(_read(mark), root)
        self._panic = last_panic(root) if self.reason is Reason.PANIC else None
        self._write("running")

    def stopped(self) -> None:
        """The program ends as wanted; if the box goes down now, that was wanted, too."""
        self._write("stopped")

    def __call__(self, box: Box) -> CheckResult:
        """RESTARTED; ``reboot``, and of a panic its own line: ``reboot_words``."""
        lately = uptime_s(box.root) < ALARM_S
        unexpected = lately and self.reason not in EXPECTED
        observation = when(ProblemKey.RESTARTED, unexpected, self._panic or self.reason.value)
        words = {"reboot_words": self._panic} if self._panic else {}
        return CheckResult((observation,), facts={"reboot": self.reason.value, **words})

    def _write(self, state: str) -> None:
        mark = {"boot_id": self._boot, "state": state, "reason": self.reason.value}
        try:
            write_atomically(self._mark, json.dumps(mark).encode())
        except OSError:
            return  # the canary says what is wrong with the partition


def reason_of(mark: dict[str, Any], root: Path) -> Reason:
    """From the mark that was left and the signs that the hardware keeps.

    A panic's words come before the watchdog's: after a panic it may be the watchdog that restarts.
    """
    if mark.get("boot_id") == boot_id(root) and mark.get("reason") in set(Reason):
        return Reason(mark["reason"])
    began = start(root)
    if last_panic(root) is not None:
        return Reason.PANIC
    if began is Start.WATCHDOG:
        return Reason.WATCHDOG
    if not mark:
        return Reason.FIRST
    return Reason.WANTED if mark.get("state") == "stopped" else _unwanted(began, root)


def _unwanted(began: Start, root: Path) -> Reason:
    if began is Start.WARM:
        return Reason.RESET
    return Reason.POWER if began is Start.COLD or watchdog_tells(root) else Reason.UNKNOWN


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
