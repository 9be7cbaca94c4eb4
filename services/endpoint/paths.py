"""The endpoint's folders."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the endpoint keeps what it knows (`data`), tells (`run`) and finds procfs (`root`)."""

    data: Path
    run: Path
    root: Path = Path("/")
