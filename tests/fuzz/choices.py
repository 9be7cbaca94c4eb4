"""Bytes as choices: what a fuzzer changes is then a decision, not noise."""

from collections.abc import Sequence
from typing import TypeVar

Kind = TypeVar("Kind")


class Choices:
    """Reads choices off ``data``; when it is used up, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def pick(self, among: Sequence[Kind]) -> Kind:
        """One of them."""
        return among[self.byte() % len(among)]

    def take(self, most: int) -> bytes:
        """The next bytes, at most so many."""
        taken = self._data[self._at : self._at + most]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))
