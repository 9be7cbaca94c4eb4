"""Brings a release into the box: installed where no meeting is near, started where nobody works.

From a stick or from an address, by hand or by itself: the same rules.
"""

import subprocess
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

from appliance.base.config import Site
from appliance.base.fact_file import UPDATE_FILE
from appliance.base.site_file import SiteFileError, read_site
from appliance.core.rescue import NOT_PASSED, UNDAMAGED
from appliance.wire.facts import UpdateFacts
from hardware.vitals.identity import release
from services.support import shell
from services.updates import restart, slot_confirmed
from services.updates.progress import AGAIN_S

UPDATE = ("diemcau", "update")
REBOOT = ("systemctl", "--no-block", "reboot")


def settings(data: Path) -> Site | None:
    """Of the site that this box is; None on a box without any."""
    try:
        return read_site(data / "site" / "site.toml")
    except (OSError, SiteFileError):
        return None


def meeting(root: Path, run: Path, data: Path) -> str:
    """Why nothing may load the box now; "" where no meeting is on or near. None is in rescue."""
    if slot_confirmed.in_rescue(root):
        return ""
    return restart.ask(run, settings(data) is not None, support=False)


def install(bundle: str, data: Path, again: Callable[[], None]) -> bool:
    """Whether `bundle`, a file or an address, is in the other slot; `diemcau slots` says why not.

    `diemcau update` has its own deadline; `again` is called all the while.
    """
    child = subprocess.Popen((*UPDATE, "--data", data, bundle))
    while True:
        try:
            return child.wait(AGAIN_S) == 0
        except subprocess.TimeoutExpired:
            again()


def start(run: Path, data: Path) -> str:
    """Restart the box into what was installed. Why not now; "" where it is on its way down."""
    obstacle = restart.ask(run, settings(data) is not None, shell.active())
    if obstacle:
        return obstacle
    done = subprocess.run(
        REBOOT, capture_output=True, text=True, timeout=shell.DEADLINE_S, check=False
    )
    return done.stderr.strip() or "systemd will not" if done.returncode else ""


def running(root: Path, run: Path) -> str:
    """The release that runs, by its slot's header, with which RAUC's handler compares the next.

    By os-release where nobody has told of this start: were the two ever to differ, a box that went
    by os-release would install the same bundle for ever.
    """
    return _of_this_start(run).release or release(root)


def failed_here(run: Path) -> frozenset[str]:
    """The releases that were whole here and did not get there, as this start knows them.

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
