"""What a listener notices of loss: freezes by the W3C's rule, gaps in a tone as it is played."""

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

PICTURE_S = 1 / 30
FREEZE_S = PICTURE_S + 0.15
"""W3C webrtc-stats, freezeCount: longer than the mean and 150 ms."""
AHEAD_S = 0.04  # what any loudspeaker's buffer holds
RATE = 48000
WINDOW = 240  # samples: 5 ms
LOUD = 2000.0  # root mean square below which the tone counts as not heard; it has 5600
NOTICED_S = 0.01


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds; `pictures` and `sound_s` are what came out of the receiver."""

    pictures: int
    freezes: int
    frozen_s: float
    longest_picture_gap_s: float
    sound_gaps: int
    silent_s: float
    longest_sound_gap_s: float

    def plain(self) -> dict[str, Any]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


@dataclass
class Listener:
    """What was seen and heard when, in seconds of one clock."""

    pictures: list[float] = field(default_factory=list)
    sounds: list[tuple[float, Any]] = field(default_factory=list)  # int16, 48 kHz, one channel

    def figures(self, begun: float, ended: float) -> Figures:
        """Between two seconds; what had begun to go wrong before the end counts up to it."""
        times = [begun, *(at for at in self.pictures if begun <= at <= ended), ended]
        gaps = [later - sooner for sooner, later in pairwise(times)]
        frozen = [gap for gap in gaps if gap > FREEZE_S]
        silent = silences(self.sounds, begun, ended)
        return Figures(
            len(times) - 2,
            len(frozen),
            sum(frozen),
            max(gaps),
            len(silent),
            sum(silent),
            max(silent, default=0.0),
        )


def silences(sounds: list[tuple[float, Any]], begun: float, ended: float) -> list[float]:
    """The stretches longer than `NOTICED_S` in which a tone is not heard.

    A block is played when it comes, at the soonest `AHEAD_S` after the first and never before the
    block before it is over; what is missing then is silence.
    """
    samples = np.zeros(int((ended - begun) * RATE), np.float64)
    head: float | None = None
    for at, block in sounds:
        head = max(at, at + AHEAD_S if head is None else head)
        start = int((head - begun) * RATE)
        head += len(block) / RATE
        piece = block[max(0, -start) :][: max(0, len(samples) - max(0, start))]
        samples[max(0, start) : max(0, start) + len(piece)] = piece
    count = len(samples) // WINDOW
    power = np.sqrt((samples[: count * WINDOW].reshape(count, WINDOW) ** 2).mean(axis=1))
    edges = np.diff(np.concatenate(([0], (power < LOUD).astype(int), [0])))
    lengths = (np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)) * WINDOW / RATE
    return [float(length) for length in lengths if length > NOTICED_S]
