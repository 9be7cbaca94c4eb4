"""An event of which a test notes each time that it is set.

The endpoint's parts set one event, `changed`, when something of them is another. It says nothing of
what that is, and the conductor may find several changes at once; a test wants each for itself.
"""

import asyncio
from collections.abc import Callable


class NotingEvent(asyncio.Event):
    """Calls `note` at each `set`."""

    def __init__(self, note: Callable[[], None]) -> None:
        super().__init__()
        self._note = note

    def set(self) -> None:
        """Set it, and note that."""
        super().set()
        self._note()
