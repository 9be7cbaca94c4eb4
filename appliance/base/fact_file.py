"""A program's facts for its neighbours: one JSON file in /run that goes stale by itself."""

import json
from pathlib import Path
from typing import Any

from appliance.base.atomic_file import write_durably
from appliance.base.errors import FactFileError

READABLE = 0o644
"""A neighbour may run as another user."""


class FactFile:
    """Holds ``at`` (POSIX s), ``boot_id`` and the program's facts; rewritten on each change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._boot_id = _boot_id()

    def write(self, facts: dict[str, Any], now: float) -> None:
        """Replace the file whole. Raises `FactFileError` where /run is not ours to write."""
        content = {"at": now, "boot_id": self._boot_id, **facts}
        try:
            write_durably(
                self._path,
                json.dumps(content, ensure_ascii=False).encode() + b"\n",
                sync=False,
                mode=READABLE,
            )
        except OSError as error:
            raise FactFileError(f"cannot write {self._path}: {error.strerror}") from error


def read_facts(path: Path, now: float, fresh_s: float) -> dict[str, Any] | None:
    """The facts of a neighbour, or None where it is silent: no file, or older than `fresh_s`."""
    try:
        facts: dict[str, Any] = json.loads(path.read_bytes())
        age = now - float(facts["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return facts if age <= fresh_s else None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
