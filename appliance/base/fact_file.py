"""A program's facts for its neighbours: one JSON file in /run that goes stale by itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from appliance.base.atomic_file import write_atomically
from appliance.base.errors import FactFileError
from appliance.wire.facts import (
    MAX_FACTS_BYTES,
    BootPartitionFacts,
    EndpointFacts,
    Facts,
    FactsError,
    HealthFacts,
    HourFacts,
    ReleaseFacts,
    SiteFileFacts,
    StickFacts,
    UpdateFacts,
    parse_facts,
    print_facts,
)

MODE = 0o644
"""A neighbour may run as another user."""

KIND = TypeVar("KIND", bound=Facts)


@dataclass(frozen=True, slots=True)
class FactFile(Generic[KIND]):
    """The file `name` in the folder of facts, which holds one value of `kind`."""

    name: str
    kind: type[KIND]

    def write(self, run: Path, facts: KIND, now: float) -> None:
        """Replace the file in `run` whole; ``at`` becomes `now` (POSIX s), ``boot_id`` this boot's.

        Raises `FactFileError` where /run is not ours to write.
        """
        path = run / self.name
        stamped = msgspec.structs.replace(facts, at=now, boot_id=_boot_id())
        try:
            write_atomically(path, print_facts(stamped), sync=False, mode=MODE)
        except OSError as error:
            raise FactFileError(f"cannot write {path}: {error.strerror}") from error

    def read(self, run: Path, now: float, fresh_s: float) -> KIND | None:
        """The facts in `run`; None where their program is silent: no file, a damaged one, or one
        older than `fresh_s` at `now` (POSIX s).

        One from the future by as much is none either: the clock was set back, and a program that
        lives writes a new one within seconds.
        """
        try:
            with (run / self.name).open("rb") as file:
                facts = parse_facts(file.read(MAX_FACTS_BYTES + 1), self.kind)
        except (OSError, FactsError):
            return None
        return facts if abs(now - facts.at) <= fresh_s else None


ENDPOINT_FILE = FactFile("endpoint.json", EndpointFacts)
HEALTH_FILE = FactFile("health.json", HealthFacts)
UPDATE_FILE = FactFile("updater.json", UpdateFacts)
STICK_FILE = FactFile("stick.json", StickFacts)
RELEASE_FILE = FactFile("offered.json", ReleaseFacts)
BOOT_PARTITION_FILE = FactFile("boot-partition.json", BootPartitionFacts)
HOUR_FILE = FactFile("hour.json", HourFacts)
SITE_FILE = FactFile("site-file.json", SiteFileFacts)


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
