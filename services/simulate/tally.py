"""What the sites of a run did: counts, and a log of events as lines of JSON."""

import json
import time
from dataclasses import dataclass, field
from typing import TextIO


class EventLog:
    """Writes to `out` line by line; to nowhere without one."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    def note(self, site: str, what: str, **facts: object) -> None:
        """`site` did `what`, now (POSIX s)."""
        if self._out is not None:
            line = {"at": round(time.time(), 3), "site": site, "what": what, **facts}
            self._out.write(json.dumps(line) + "\n")


@dataclass(slots=True)
class Tally:
    """Counts of all sites of a run."""

    health_reports: int = 0
    nudges: int = 0
    connections: int = 0
    report_names: set[tuple[str, str, int]] = field(default_factory=set)
    """Each health report: site, boot, seq."""
    feed_ms: list[float] = field(default_factory=list)
    event_log: EventLog = field(default_factory=EventLog)
