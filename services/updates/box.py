"""What an update knows of its box: the settings, the release that runs, those that failed."""

import re
import time
from math import inf
from pathlib import Path

from appliance.base.config import Site
from appliance.base.fact_file import UPDATE_FILE
from appliance.base.paths import Paths
from appliance.base.site_file import SiteFileError, read_site
from appliance.core.rescue import NOT_PASSED, UNDAMAGED
from appliance.wire.facts import UpdateFacts
from hardware.vitals.identity import release


def settings(data: Path) -> Site | None:
    """Of the site that this box is; None on a box without any."""
    try:
        return read_site(data / "site" / "site.toml")
    except (OSError, SiteFileError):
        return None


def running_release(paths: Paths) -> str:
    """The release that runs, by its slot's header, with which RAUC's handler compares the next.

    By os-release where no fact file tells of this start: were the two ever to differ, a box that
    went by os-release would install the same bundle for ever.
    """
    return _of_this_start(paths.run).release or release(paths.root)


def kind_of_box(root: Path) -> str:
    """What RAUC calls this box (``compatible=`` in its settings); "" where it has none."""
    try:
        settings_text = (root / "etc/rauc/system.conf").read_text()
    except (OSError, ValueError):
        return ""
    found = re.search(r"^compatible=(.+)$", settings_text, re.MULTILINE)
    return found[1].strip() if found else ""


def failed_releases(run: Path) -> frozenset[str]:
    """The releases that were whole here and did not become good, as this start knows them.

    Not one that is damaged: the same release again repairs it. One that hung counts, though it may
    have been the power: it would be installed again and again.
    """
    facts = _of_this_start(run)
    match facts.state:
        case "fell-back":
            tried = [(facts.wanted, facts.detail)]
        case "rescue":
            tried = [(slot.version, slot.reason) for slot in facts.slots]
        case _:
            tried = []
    return frozenset(
        version for version, reason in tried if reason.startswith((NOT_PASSED, UNDAMAGED))
    )


def _of_this_start(run: Path) -> UpdateFacts:
    """True until the next start, even where the clock was set by decades since."""
    return UPDATE_FILE.read(run, time.time(), inf) or UpdateFacts()
