"""Which release of the stick is installed, if any."""

import json
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.core.versions import order

SUFFIX = ".raucb"
MOST = 16
"""Bundles that are looked at; a stick with more has the newest names first."""
INFO_S = 120.0
"""RAUC reads a signature, and the first blocks of a slow stick."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One file of the stick; `version` is "" where RAUC does not vouch for it."""

    path: Path
    version: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be installed, or why nothing is."""

    bundle: Bundle | None
    reason: str = ""
    refused: bool = False
    """Somebody wanted it, and has to know."""


def choose(found: Sequence[Bundle], running: str, failed: Collection[str]) -> Choice:
    """The newest release of `found` beside `running`; what has `failed` did not stay here.

    What RAUC does not vouch for is offered only where there is nothing else: its refusal says why.
    """
    if not found:
        return Choice(None, "no bundle")
    vouched = [bundle for bundle in found if _order(bundle)]
    if not vouched:
        return Choice(found[-1])
    newest = max(vouched, key=_order)
    if newest.version == running:
        return Choice(None, f"{running} runs already")
    if newest.version in failed:
        return Choice(None, f"{newest.version} was tried here and did not stay", refused=True)
    return Choice(newest)


def look(stick: Path) -> list[Bundle]:
    """The bundles in the stick's topmost folder, each with what RAUC says of it, by their names.

    Raises `OSError` where the stick cannot be read.
    """
    files = sorted(
        (
            entry
            for entry in stick.iterdir()
            # What macOS puts beside each file begins with a dot.
            if entry.suffix.lower() == SUFFIX and entry.name[0] != "." and entry.is_file()
        ),
        key=lambda file: file.name,
    )
    return [Bundle(file, _version(file)) for file in files[-MOST:]]


def _order(bundle: Bundle) -> tuple[int, ...]:
    try:
        return order(bundle.version)
    except ValueError:
        return ()


def _version(file: Path) -> str:
    try:
        done = subprocess.run(
            ("rauc", "info", "--output-format=json", file), capture_output=True, timeout=INFO_S,
            check=False,
        )  # fmt: skip
        return str(json.loads(done.stdout)["version"]) if done.returncode == 0 else ""
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return ""
