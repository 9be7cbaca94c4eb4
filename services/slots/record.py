"""What became of the release in each slot, and of the last bundle: kept on the data partition."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.base.atomic_file import write_atomically

PLACE = Path("boot/slots.json")
"""Below the data partition."""


class Outcome(StrEnum):
    """How far a release got."""

    GOOD = "good"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Trial:
    """One release in one slot."""

    version: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The last bundle that was not installed."""

    bundle: str
    reason: str
    at: float
    """POSIX seconds, by the box's clock."""


@dataclass(frozen=True, slots=True)
class SlotRecord:
    """All that is kept; empty on a new card, or where the data partition was made anew."""

    trials: Mapping[str, Trial] = field(default_factory=dict)
    refused: Refused | None = None

    def with_trial(self, slot: str, trial: Trial) -> "SlotRecord":
        """The same with what became of `slot`."""
        return replace(self, trials={**self.trials, slot: trial})

    def trial(self, slot: str, version: str) -> Trial | None:
        """What became of this very release in `slot`; None where nothing is known of it."""
        found = self.trials.get(slot)
        return found if found is not None and found.version == version else None


def read_record(data: Path) -> SlotRecord:
    """The record on the data partition; an empty one where there is none that can be read."""
    try:
        found = json.loads((data / PLACE).read_bytes())
        trials = {slot: _trial(entry) for slot, entry in found["trials"].items()}
        refused = found["refused"]
        return SlotRecord(trials, Refused(**refused) if refused else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SlotRecord()


def write_record(data: Path, record: SlotRecord) -> None:
    """Keep `record`. Raises `OSError` where the data partition takes nothing."""
    content = json.dumps(asdict(record), ensure_ascii=False).encode()
    write_atomically(data / PLACE, content, mode=0o644)


def _trial(entry: Mapping[str, Any]) -> Trial:
    return Trial(str(entry["version"]), Outcome(entry["outcome"]), str(entry["reason"]))
