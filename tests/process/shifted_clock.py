"""A clock that a test sets for programs of their own: libfaketime, over a file that they watch.

Whatever a program asks for the time of day is shifted, OpenSSL in mosquitto too; what it measures
by the monotonic clock goes on as it is.
"""

import os
from pathlib import Path

LIBRARIES = Path("/usr/lib")


class ShiftedClock:
    """`environment` is for the programs; `days` is how far on their clock is."""

    def __init__(self, folder: Path) -> None:
        found = sorted(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"))
        if not found:
            raise RuntimeError("no libfaketime here: run `make setup`")
        self.file = folder / "clock"
        self.set(0.0)
        self.environment = os.environ | {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, days: float) -> None:
        """So many days on from now, or before (negative); the programs see it within a second."""
        self.days = days
        self.file.write_text(f"{86_400 * days:+.0f}\n")
