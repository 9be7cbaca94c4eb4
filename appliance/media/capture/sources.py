"""Where a site's picture and sound come from: source strings of a site file, and their errors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceError(ValueError):
    """A source string names nothing that this machine can open.

    DeviceGoneError and StalledError are what an opened source raises.
    """


class DeviceGoneError(OSError):
    """A camera or microphone is not there, was pulled out, or refuses to work."""


class StalledError(DeviceGoneError):
    """A device is open but has delivered nothing for too long."""


class SourceKind(StrEnum):
    """What stands before the colon of a source string."""

    V4L2 = "v4l2"
    ALSA = "alsa"
    FILE = "file"
    LAVFI = "lavfi"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Source:
    """One camera or microphone: ``v4l2:/dev/video0``, ``alsa:default``, ``file:talk.mp4``,
    ``lavfi:testsrc2`` (an FFmpeg filter graph) or ``none``."""

    kind: SourceKind
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Source:
        """Read a source string; raises SourceError with what would be right."""
        kind, _, name = text.strip().partition(":")
        try:
            known = SourceKind(kind)
        except ValueError:
            allowed = ", ".join(known.value for known in SourceKind)
            raise SourceError(
                f"unknown source {text!r}: write one of {allowed}, then a colon and a name"
            ) from None
        if (known is SourceKind.NONE) != (not name):
            wanted = "no name" if known is SourceKind.NONE else "a name after the colon"
            raise SourceError(f"source {text!r} needs {wanted}")
        return cls(known, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind.value
