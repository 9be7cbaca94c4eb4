"""The endpoint's folders."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the endpoint keeps what it knows (`data`), tells (`run`) and is touched (`bench`).

    `root` is where procfs is: elsewhere on a bench.
    """

    data: Path
    run: Path
    bench: Path | None = None
    root: Path = Path("/")
