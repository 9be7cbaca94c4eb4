"""Prints the document onto A4 by Chromium, which the tests need anyway, and reads the print."""

import re
import subprocess
import tempfile
from pathlib import Path

from services.guide.document import PART
from services.guide.phrases import GuideError

CHROMIUM = "chromium"
PRINT_S = 120.0
"""It takes three seconds on a quiet machine."""
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)  # fmt: skip
"""Without the sandbox it runs in a container and as root; what it opens is our own file."""


def print_pdf(html: Path, pdf: Path) -> None:
    """Print `html` into `pdf`; raises `GuideError` where Chromium is missing or makes none."""
    pdf.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        told = _run(
            CHROMIUM, *OPTIONS, f"--user-data-dir={profile}",
            f"--print-to-pdf={pdf.absolute()}", html.absolute().as_uri(),
        )  # fmt: skip
    if not pdf.is_file():
        raise GuideError(f"{CHROMIUM} printed nothing: {told[-400:]}")


def chapter_pages(pdf: Path, count: int) -> dict[int, int]:
    """The sheet on which each of the chapters 1 to `count` - 1 begins, counted from 1.

    Raises `GuideError` where one is not found: its title would have been printed twice, or not.
    """
    sheets = _run("pdftotext", "-layout", str(pdf), "-").split("\f")
    found = {}
    for number in range(1, count):
        head = re.compile(rf"^\s*{PART} {number}\s*$", re.MULTILINE)
        places = [place for place, sheet in enumerate(sheets, 1) if head.search(sheet)]
        if len(places) != 1:
            raise GuideError(f"{PART} {number} begins on {len(places)} sheets of {pdf}")
        found[number] = places[0]
    return found


def _run(*words: str) -> str:
    """All that the program says; raises `GuideError` where it fails or is not there."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=PRINT_S)
    except FileNotFoundError as error:
        raise GuideError(f"{words[0]} is not installed; `make setup` does it") from error
    except subprocess.TimeoutExpired as error:
        raise GuideError(f"{words[0]} took more than {PRINT_S:.0f} s") from error
    except subprocess.CalledProcessError as error:
        raise GuideError(f"{words[0]} failed: {error.stderr[-400:]}") from error
    return done.stdout or done.stderr
