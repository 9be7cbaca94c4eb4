"""The folders that each program of a box works with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """Three folders; a box's programs take them as options, so that tests and demos have their own.

    What only one program needs beyond these, such as a stick or a socket, is its own argument.
    """

    data: Path
    """What must survive a power cut."""

    run: Path
    """The fact files (`appliance.base.fact_file`): gone with the power."""

    root: Path = Path("/")
    """Where sysfs, procfs and the running system are; in tests a recorded tree."""
