"""What became of the release in each slot, and of the last bundle: kept on the data partition.

The other slot's release, which may be older, reads the same file: its keys never change.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.base.atomic_file import write_atomically

FILE = Path("boot/slots.json")
"""Below the data partition."""


class Outcome(StrEnum):
    """How far a release got."""

    GOOD = "good"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SlotResult:
    """How far one release got in one slot."""

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

    results: Mapping[str, SlotResult] = field(default_factory=dict)
    """By the slot's letter."""
    refused: Refused | None = None

    def with_result(self, slot: str, result: SlotResult) -> "SlotRecord":
        """The same with what became of `slot`."""
        return replace(self, results={**self.results, slot: result})

    def result(self, slot: str, version: str) -> SlotResult | None:
        """What became of this very release in `slot`; None where nothing is known of it."""
        found = self.results.get(slot)
        return found if found is not None and found.version == version else None


def read_record(data: Path) -> SlotRecord:
    """The record on the data partition; an empty one where there is none that can be read."""
    try:
        found = json.loads((data / FILE).read_bytes())
        results = {slot: _result(entry) for slot, entry in found["trials"].items()}
        refused = found["refused"]
        return SlotRecord(results, Refused(**refused) if refused else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SlotRecord()


def write_record(data: Path, record: SlotRecord) -> None:
    """Keep `record`. Raises `OSError` where the data partition takes nothing."""
    content = {
        "trials": {slot: asdict(result) for slot, result in record.results.items()},
        "refused": asdict(record.refused) if record.refused else None,
    }
    write_atomically(data / FILE, json.dumps(content, ensure_ascii=False).encode(), mode=0o644)


def _result(entry: Mapping[str, Any]) -> SlotResult:
    return SlotResult(str(entry["version"]), Outcome(entry["outcome"]), str(entry["reason"]))
