"""The guide as `make guide` makes it, once for all tests, and what poppler reads of its print."""

import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs/huong-dan"
LONGEST_S = 240.0


@dataclass(frozen=True)
class Made:
    """Where the two files lie."""

    folder: Path

    @property
    def pdf(self) -> Path:
        return self.folder / "huong-dan.pdf"

    @cached_property
    def html(self) -> str:
        return (self.folder / "huong-dan.html").read_text()

    @cached_property
    def sheets(self) -> list[str]:
        """The text of each sheet of paper, as people read it."""
        return poppler("pdftotext", "-layout", str(self.pdf), "-").rstrip("\f").split("\f")

    def chapter(self, anchor: str) -> str:
        """The HTML of one chapter."""
        _, _, rest = self.html.partition(f'<section class="chapter" id="{anchor}">')
        assert rest, anchor
        return rest.partition('<section class="chapter"')[0]


def make(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make guide` runs."""
    return subprocess.run(
        [sys.executable, "-m", "services.guide", source, folder],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_S,
    )  # fmt: skip


def poppler(*words: str) -> str:
    """What a program of poppler's says."""
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def sources() -> dict[str, str]:
    """The pages as they are written, by file name."""
    return {path.name: path.read_text() for path in sorted(PAGES.glob("[0-9]-*.md"))}
