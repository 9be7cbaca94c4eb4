"""The bundles on a stick, and which of them is to be installed."""

import json
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.core.versions import order

SUFFIX = ".raucb"
MAX_BUNDLES = 16
"""So many are read, the last by name: RAUC takes seconds for each."""
INFO_DEADLINE_S = 120.0
"""RAUC reads a signature and the first blocks, from a slow stick."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One file of the stick; `version` and `compatible` are "" where RAUC does not vouch for it."""

    path: Path
    version: str = ""
    compatible: str = ""
    """The kind of box that it is for (RAUC manual, *Manifest*)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be installed, or why nothing is."""

    bundle: Bundle | None
    reason: str = ""
    refused: bool = False
    """Nothing is installed although the stick has a release that is not running."""


def choose_bundle(
    found: Sequence[Bundle], running: str, failed: Collection[str], compatible: str = ""
) -> Choice:
    """The newest of `found`, unless it is `running` or has `failed` here before.

    `compatible` is the kind of this box: one stick serves a Pi 4 and a Pi 5, each with a bundle of
    its own. A bundle for another kind, and one that RAUC does not vouch for, is chosen only where
    there is no other: RAUC's refusal then says what is wrong with it.
    """
    if not found:
        return Choice(None, "no bundle")
    vouched = [bundle for bundle in found if _order(bundle)]
    if not vouched:
        return Choice(found[-1])
    ours = [bundle for bundle in vouched if not compatible or bundle.compatible == compatible]
    newest = max(ours or vouched, key=_order)
    if newest.version == running:
        return Choice(None, f"{running} runs already")
    if newest.version in failed:
        return Choice(None, f"{newest.version} was tried here and did not stay", refused=True)
    return Choice(newest)


def find_bundles(stick: Path) -> list[Bundle]:
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
    return [Bundle(file, *_told(file)) for file in files[-MAX_BUNDLES:]]


def _order(bundle: Bundle) -> tuple[int, ...]:
    try:
        return order(bundle.version)
    except ValueError:
        return ()


def _told(file: Path) -> tuple[str, str]:
    """Version and kind of box, by RAUC's word."""
    words = ("rauc", "info", "--output-format=json", file)
    try:
        done = subprocess.run(words, capture_output=True, timeout=INFO_DEADLINE_S, check=False)
        told = json.loads(done.stdout) if done.returncode == 0 else {}
        return str(told["version"]), str(told["compatible"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return "", ""
