"""What the sites of a run did, a JSON line each, for whoever counts while it goes on."""

import json
import time
from typing import TextIO


class Diary:
    """Writes to `out` line by line; to nowhere without one."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    def note(self, site: str, what: str, **facts: object) -> None:
        """`site` did `what`, now (POSIX s)."""
        if self._out is not None:
            line = {"at": round(time.time(), 3), "site": site, "what": what, **facts}
            self._out.write(json.dumps(line) + "\n")
