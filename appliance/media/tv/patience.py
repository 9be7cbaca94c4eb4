"""Decides how long VLC's child process may be silent, or show nothing, before it is ended. Pure."""

START_TIMEOUT_S = 30.0
"""Until the first picture is on the screen. A cold card, or an emulator, reads VLC's plug-ins for
long after the first status; a child that was ended for that began anew with the same plug-ins."""
STATUS_TIMEOUT_S = 3.0
"""A child that has shown pictures and sends no status for so long hangs; it sends four a second."""
FREEZE_TIMEOUT_S = 4.0
"""While pictures come and none is displayed for so long, VLC's output is stuck."""
MAX_FACTOR = 8
MAX_START_TIMEOUT_S = 120.0
"""An emulator with a fifth of a core had no first status after 30 s, six times in a row."""
STEADY_S = 60.0
"""A child that has run for so long since its first picture is none of a starved machine's."""


class Patience:
    """Longer at a child's start, and twice as long after each child that was ended too early.

    A machine that has no time for VLC would otherwise end one child after the other, and what each
    start costs is what it has no time for. One that has run for `STEADY_S` sets it back.
    """

    def __init__(self) -> None:
        self._factor = 1
        self._shown_at: float | None = None

    def begin(self) -> None:
        """A new child has started."""
        self._shown_at = None

    def shows(self, now: float) -> None:
        """A picture of the child's is on the screen, at the monotonic second `now`."""
        if self._shown_at is None:
            self._shown_at = now
        elif now - self._shown_at > STEADY_S:
            self._factor = 1

    def lost(self) -> None:
        """The child was ended because it was silent, or showed nothing."""
        self._factor = min(self._factor * 2, MAX_FACTOR)

    @property
    def status_s(self) -> float:
        """Seconds without a status after which the child is ended."""
        return self._within(STATUS_TIMEOUT_S)

    @property
    def freeze_s(self) -> float:
        """Seconds in which pictures come and none is displayed, after which it is ended."""
        return self._within(FREEZE_TIMEOUT_S)

    def _within(self, seconds: float) -> float:
        if self._shown_at is None:
            return min(START_TIMEOUT_S * self._factor, MAX_START_TIMEOUT_S)
        return seconds * self._factor
