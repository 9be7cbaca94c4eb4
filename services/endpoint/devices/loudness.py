"""How loud the room is, and whether the microphone hears anything at all."""

from collections import deque

WINDOW_S = 60.0
DEAF_DBFS = -80.0
"""A microphone that is on hears its own noise above this in the stillest room; one whose switch is
off gives nothing, or next to it."""
DEAF_S = 300.0
"""Speakerphones with a noise gate give nothing while nobody makes a sound, but no room is so still
for so long right after its microphone was opened; what was ever heard since then is not deaf."""


class Loudness:
    """The loudest of the last minute, from what is heard at each look; times are monotonic s."""

    def __init__(self) -> None:
        self._heard: deque[tuple[float, float]] = deque()
        self._deaf_since: float | None = None
        self._hears = False

    def hear(self, dbfs: float, now: float) -> None:
        """The loudest since the last look."""
        self._deaf_since = now if self._deaf_since is None else self._deaf_since
        self._hears = self._hears or dbfs >= DEAF_DBFS
        while self._heard and self._heard[0][0] <= now - WINDOW_S:
            self._heard.popleft()
        if self._heard and now - self._heard[-1][0] < 1.0:
            at, louder = self._heard.pop()
            self._heard.append((at, max(louder, dbfs)))
        else:
            self._heard.append((now, dbfs))

    def forget(self) -> None:
        """The microphone is closed, or away."""
        self._heard.clear()
        self._deaf_since, self._hears = None, False

    @property
    def dbfs(self) -> float | None:
        """The loudest of the window; None while nothing is heard because nothing is open."""
        return max((dbfs for _, dbfs in self._heard), default=None)

    @property
    def deaf(self) -> bool:
        """Whether it has been open for long and has heard nothing yet."""
        if self._deaf_since is None or self._hears:
            return False
        return self._heard[-1][0] - self._deaf_since >= DEAF_S - 1.0
