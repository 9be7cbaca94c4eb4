"""What the broker has acknowledged, kept in memory for a province that loses its machine.

A province that was restored from a back-up lacks what came after it, and asks for that again. In
memory, for a copy on the card would wear it out for an accident of once in ten years.
"""

from collections import deque

from services.health.backlog import Item

MAX_BYTES = 4 * 1024 * 1024
"""A day and more at the calm rhythm: back-ups are made each night."""
ITEM_BYTES = 200
"""What Python adds to each."""


class SentReports:
    """The newest, oldest first, within a bound of bytes."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: deque[tuple[float, Item]] = deque()
        self._bytes = 0

    def add(self, at: float, item: Item) -> None:
        """One that was acknowledged at `at` (POSIX s)."""
        self._kept.append((at, item))
        self._bytes += len(item.payload) + ITEM_BYTES
        while self._bytes > self._max_bytes:
            _, oldest = self._kept.popleft()
            self._bytes -= len(oldest.payload) + ITEM_BYTES

    def since(self, at: float) -> list[Item]:
        """Those that were acknowledged at `at` or later."""
        return [item for sent_at, item in self._kept if sent_at >= at]
