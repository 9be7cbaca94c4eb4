"""The endpoint's folders."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the endpoint keeps what it knows (`data`), tells (`run`) and is touched (`bench`)."""

    data: Path
    run: Path
    bench: Path | None = None
