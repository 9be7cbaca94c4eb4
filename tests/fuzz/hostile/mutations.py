"""Spoils what a far end would rightly send: values in JSON, lines of a text, bytes."""

import json
import random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**70, 1e308, "", "0", "x" * 3000, "\x00", "\ud800", "ạ" * 200,
    [], {}, [[]], [None] * 50, {"a": {"b": [1]}}, "VP9", "99/00", "a=", "http://[",
)  # fmt: skip
"""What no far end should say where it says something else."""
TEXTS = (
    "",
    "\x00",
    "=",
    "a=",
    ":",
    "%",
    "9" * 400,
    "-1",
    "\udcff",
    "é",
    "m=video 0 X 0",
    "0.0.0.256",
)
RATE = 0.5
"""This share of all messages is spoiled: with fewer no call comes about, with more none is odd."""


class Mutations:
    """Seeded; ``inputs`` counts what was sent, ``spoiled`` how much of it was wrong."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.inputs = self.spoiled = 0

    def _spoils(self) -> bool:
        self.inputs += 1
        wrong = self.random.random() < RATE
        self.spoiled += wrong
        return wrong

    def message(self, content: dict[str, Any]) -> bytes:
        """JSON as it is, with other values in it, or with other bytes."""
        if not self._spoils():
            return json.dumps(content).encode()
        if self.random.random() < 0.8:
            for _ in range(self.random.randint(1, 3)):
                content = self._value(content)
            return json.dumps(content).encode()
        return self.bytes_of(json.dumps(content).encode())

    def text(self, content: str) -> bytes:
        """Lines as they are, or doubled, dropped, moved and spoiled."""
        if not self._spoils():
            return content.encode("utf-8", "surrogateescape")
        lines = content.splitlines(keepends=True)
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(lines)) if lines else 0
            match self.random.randrange(5):
                case 0 if lines:
                    del lines[at]
                case 1 if lines:
                    lines.insert(self.random.randrange(len(lines)), lines[at])
                case 2 if lines:
                    cut = self.random.randrange(len(lines[at]) + 1)
                    lines[at] = lines[at][:cut] + self.random.choice(TEXTS) + lines[at][cut:]
                case 3 if lines:
                    head, mark, _ = lines[at].partition(":")
                    lines[at] = f"{head}{mark}{self.random.choice(TEXTS)}\r\n"
                case _:
                    lines.insert(at, f"{self.random.choice(TEXTS)}\r\n")
        return "".join(lines).encode("utf-8", "surrogateescape")

    def bytes_of(self, content: bytes) -> bytes:
        """Some bytes are others, or the end is missing."""
        spoiled = bytearray(content)
        for _ in range(self.random.randint(1, 8)):
            if spoiled:
                spoiled[self.random.randrange(len(spoiled))] = self.random.randrange(256)
        if self.random.random() < 0.3:
            del spoiled[self.random.randrange(len(spoiled) + 1) :]
        return bytes(spoiled)

    def _value(self, content: Any) -> Any:
        """The same with one value, somewhere in it, that is another or not there."""
        if isinstance(content, dict) and content:
            key = self.random.choice(list(content))
            if self.random.random() < 0.15:
                return {name: value for name, value in content.items() if name != key}
            return {**content, key: self._value(content[key])}
        if isinstance(content, list) and content:
            at = self.random.randrange(len(content))
            return [*content[:at], self._value(content[at]), *content[at + 1 :]]
        if isinstance(content, str) and "\n" in content and self.random.random() < 0.7:
            return self.text(content).decode("utf-8", "surrogateescape")
        return self.random.choice(VALUES)
