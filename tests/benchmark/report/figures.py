"""What is made of the measurements: medians, delays, healing, and how they stand to the aims."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

SOUND_WITHIN_S = 0.45
"""A tone that is heard later than this after it was made is another one: they are 0.5 s apart."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One aim of the project; `reached` is None where it could not be measured."""

    what: str
    most: float
    unit: str
    reached: float | None

    @property
    def met(self) -> bool | None:
        """Whether it is reached."""
        return None if self.reached is None else self.reached <= self.most


def middle(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return median(values) if values else None


def late(values: Sequence[float]) -> float | None:
    """What 95 of 100 stay below; None of fewer than two."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else None


def picture_delays(taken: Mapping[int, float], seen: Mapping[int, float]) -> list[float]:
    """Milliseconds from the camera to the TV, of every picture that was seen."""
    return [(seen[n] - at) * 1e3 for n, at in taken.items() if n in seen and seen[n] > at]


def sound_delays(made: Sequence[float], heard: Sequence[float]) -> list[float]:
    """Milliseconds from the microphone to the loudspeaker, of every tone that was heard."""
    found = []
    for at in made:
        later = [h for h in heard if at < h < at + SOUND_WITHIN_S]
        if later:
            found.append((min(later) - at) * 1e3)
    return found


def longest_stand(times: Sequence[float], begin: float, end: float) -> float | None:
    """The longest that a picture stood between these two moments, in milliseconds.

    `times` are those at which a new picture came, rising; the stand that begins before `begin`
    counts whole. None when fewer than two pictures are known.
    """
    stands = [
        (after - before) * 1e3
        for before, after in itertools.pairwise(times)
        if after > begin and before < end
    ]
    return max(stands, default=None)


def ratio(one: float | None, other: float | None) -> float | None:
    """One of another, None where either is missing."""
    return one / other if one is not None and other else None


def aims(calls: Mapping[str, Mapping[str, Any]]) -> list[Aim]:
    """The project's aims against a run; `calls` by name as `run` names them."""
    found = []
    for height in (360, 720):
        ours, own, theirs = (
            calls.get(f"{who}-{height}", {}) for who in ("software", "own-h264", "chromium")
        )
        cpu = theirs.get("cpu")
        found += [
            Aim(f"CPU of Chromium's, {height}p, software encoding", 0.65, "",
                ratio(ours.get("cpu"), cpu)),
            Aim(f"CPU of Chromium's, {height}p, the camera's own H.264", 0.35, "",
                ratio(own.get("cpu"), cpu)),
            Aim(f"memory of Chromium's, {height}p, software encoding", 0.35, "",
                ratio(ours.get("peak_mb"), theirs.get("peak_mb"))),
        ]  # fmt: skip
    all_ours = [call for name, call in calls.items() if not name.startswith("chromium")]
    theirs_all = [call for name, call in calls.items() if name.startswith("chromium")]
    first = _all(all_ours, "first_picture_ms")
    found += [
        Aim("dial to first picture, median", 300, "ms", middle(first)),
        Aim("the same, of Chromium's", 1.0, "",
            ratio(middle(first), middle(_all(theirs_all, "first_picture_ms")))),
    ]  # fmt: skip
    for height in (360, 720):
        call = calls.get(f"software-{height}", {})
        behind = call.get("sound_behind_picture_ms")
        found += [
            Aim(f"far camera to TV, {height}p, median", 150, "ms", call.get("picture_delay_ms")),
            Aim(f"sound apart from picture, {height}p", 40, "ms",
                None if behind is None else abs(behind)),
        ]  # fmt: skip
    stands = [stand for call in all_ours for stand in call.get("stands_ms", [])]
    found.append(Aim("picture stands for one lost packet, median", 200, "ms", middle(stands)))
    return found


def _all(calls: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [call[key] for call in calls if call.get(key) is not None]
