"""How much of the picture's edges this TV cuts off: set at the TV with the button, and kept.

The site file says what it is to begin with (`tv.margin`), in percent of each side. What a hand set
at the TV counts more, until the site file says another margin than it said then.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.base.atomic_file import write_atomically
from appliance.base.config import MAX_MARGIN

if TYPE_CHECKING:
    from appliance.core.floor_control import Press

log = logging.getLogger("diemcau.margin")

FILE = "tv-margin.json"
SHOWN_S = 60.0
"""The page goes away by itself after so long without a press."""


class MarginSetting:
    """The margin in force, and the page that sets it; `now` is a clock that never jumps."""

    def __init__(self, folder: Path, by_site: int) -> None:
        """`folder` is on the data partition, `by_site` what the site file says, in percent."""
        self._path = folder / FILE
        self._by_site = by_site
        self.percent = self._kept()
        self.until = float("-inf")
        """When the page goes away, in seconds of the same clock."""

    def open(self, now: float) -> None:
        """Show the page."""
        self.until = now + SHOWN_S

    def press(self, kind: Press, now: float) -> bool:
        """Whether the page was shown and took this press: short is the next margin, long the end.

        What is chosen counts at once. Raises OSError where the disk does not take it: it then
        holds until the power goes.
        """
        if now >= self.until:
            return False
        from appliance.core.floor_control import Press  # noqa: PLC0415 - no first picture needs it

        if kind is Press.LONG:
            self.until = float("-inf")
            return True
        self.until = now + SHOWN_S
        self.percent = (self.percent + 1) % (MAX_MARGIN + 1)
        log.info("near → margin of %d %% by hand", self.percent)
        kept = {"percent": self.percent, "by_site": self._by_site}
        write_atomically(self._path, json.dumps(kept).encode())
        return True

    def _kept(self) -> int:
        try:
            kept = json.loads(self._path.read_bytes())
            percent, by_site = kept["percent"], kept["by_site"]
        except FileNotFoundError:
            return self._by_site
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("%s is not used: %r", self._path, error)
            return self._by_site
        if type(percent) is not int or not 0 <= percent <= MAX_MARGIN:
            log.warning("%s is not used: a margin of %r", self._path, percent)
            return self._by_site
        return percent if by_site == self._by_site else self._by_site
