"""How loud the room is, and whether the microphone hears anything at all."""

from collections import deque

WINDOW_S = 60.0
DEAF_DBFS = -80.0
"""A microphone that is on hears its own noise above this in the stillest room; one whose switch is
off gives nothing, or next to it."""


class Loudness:
    """The loudest of the last minute, from what is heard at each look; times are monotonic s."""

    def __init__(self) -> None:
        self._heard: deque[tuple[float, float]] = deque()
        self._began: float | None = None

    def hear(self, dbfs: float, now: float) -> None:
        """The loudest since the last look."""
        self._began = now if self._began is None else self._began
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
        self._began = None

    @property
    def dbfs(self) -> float | None:
        """The loudest of the window; None while nothing is heard because nothing is open."""
        return max((dbfs for _, dbfs in self._heard), default=None)

    @property
    def deaf(self) -> bool:
        """Whether a whole window was as good as silent."""
        if self._began is None or self.dbfs is None or self.dbfs >= DEAF_DBFS:
            return False
        return self._heard[-1][0] - self._began >= WINDOW_S - 1.0
