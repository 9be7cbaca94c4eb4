"""The id of a report: when it was made, in which boot, and which report of that boot it is."""

import re
from dataclasses import dataclass
from typing import Any

from appliance.wire.fields import Fields, WireError

_BOOT = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class ReportId:
    """A retained message outlives its truth, so each says how old it is.

    ``at`` is the site's time in POSIX seconds; a site whose clock is not known says so by the alarm
    ``clock``. ``boot_id`` is the kernel's (random(4), ``/proc/sys/kernel/random/boot_id``). ``seq``
    grows with each report of a boot, over all topics: milliseconds since the boot at which it was
    made, and one more where two fall into one. A program that starts again goes on above what it
    said before, and remembers nothing for it. ``(site, boot_id, seq)`` names one report for ever.
    """

    at: float
    boot_id: str
    seq: int

    @classmethod
    def of(cls, fields: Fields) -> "ReportId":
        """The id among the fields of a payload; all three must be there."""
        boot_id = fields.text("boot_id", None, max_length=64)
        if not _BOOT.fullmatch(boot_id):
            raise WireError(f"boot_id is {boot_id!r}; expected letters, digits, dots and hyphens")
        return cls(
            fields.number("at", None, low=0.0, high=1e11), boot_id, fields.whole("seq", None)
        )

    @property
    def values(self) -> dict[str, Any]:
        """The three fields, first in each payload."""
        return {"at": self.at, "boot_id": self.boot_id, "seq": self.seq}
