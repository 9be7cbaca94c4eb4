"""The seam of a check: the box goes in, what was found comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance.base.config import Site
from appliance.core.alarms import Observation, when
from appliance.core.problems import KINDS, ProblemKey
from appliance.wire.facts import EndpointFacts


@dataclass(frozen=True, slots=True)
class Box:
    """What a check may look at, at one moment."""

    root: Path
    """Where sysfs and procfs are: ``/``, in tests a recorded tree."""
    data: Path
    """The folder that survives a power cut."""
    now: float
    """POSIX seconds."""
    monotonic: float
    """Seconds of a clock that never jumps."""
    trusted: bool = True
    """Whether `now` is to be believed."""
    site: Site | None = None
    run: Path | None = None
    """The fact files' folder."""
    endpoint: EndpointFacts | None = None
    """The endpoint's facts; None while it is silent."""
    certificate_end: float | None = None
    """POSIX seconds; None without a certificate."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; an observation that is not there says that nothing is known."""

    observations: tuple[Observation, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


NOTHING = CheckResult()
Check = Callable[[Box], CheckResult]
"""Reads files, waits for nothing longer than its own deadline; whatever it raises ends only it."""


def reported(box: Box, *keys: ProblemKey) -> tuple[Observation, ...]:
    """The endpoint's own word on these problems: it has the camera, the microphone and the TV."""
    if box.endpoint is None:
        return ()
    codes, details = box.endpoint.problems, box.endpoint.problem_details
    return tuple(
        when(key, KINDS[key].code in codes, details.get(KINDS[key].code, "")) for key in keys
    )


def measured(**figures: float | None) -> dict[str, float]:
    """The figures that are known."""
    return {name: figure for name, figure in figures.items() if figure is not None}
