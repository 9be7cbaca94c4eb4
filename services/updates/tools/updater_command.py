"""``diemcau updater``: one look at the address where the IT centre lays its releases.

A timer calls it for as long as the box is on. The newest release lies there under one name, so the
province commands nothing: it changes a file, and each site finds it in its own time.
"""

import logging
from math import inf
from pathlib import Path

import click

from appliance.base.errors import FactFileError
from appliance.base.fact_file import RELEASE_FILE
from appliance.base.journal import open_journal
from appliance.base.paths import Paths
from appliance.core.maintenance_window import Work
from appliance.core.versions import order
from appliance.wire.facts import ReleaseFacts
from services.updates import box, slot_confirmed
from services.updates.bundle_size import MIB, download_budget
from services.updates.install import Ending, Install, install, restart
from services.updates.over_budget import is_over_budget, note_over_budget
from services.updates.release_address import AddressError, PublishedRelease, release_at
from services.updates.tools.options import box_options
from services.updates.window import Window

log = logging.getLogger("diemcau.updater")

RETRY_S = (0.0, 3600.0, 6 * 3600.0)
"""After the first, the second and each further installation that failed: a line that broke is tried
at the next look; a release that cannot be installed may cost its whole budget each time."""
OVER_BUDGET = (
    "needs more of the line than its budget and is not tried again for a day; a USB stick brings it"
)


@click.command("updater")
@box_options
def updater(run_path: Path, data: Path, root: Path) -> None:
    """Bring in the release at the settings' address, and start it, where nobody is at work.

    Exit code 0 whatever is found: the journal says what, and the timer looks again.
    """
    open_journal("updater")
    log.info("%s", look(Window(Paths(data, run_path, root), attended=False)))


def look(window: Window) -> str:
    """Do what is to be done now; how far that is, and why not farther."""
    paths = window.paths
    site = box.settings(paths.data)
    if site is None or not site.province.releases:
        return "the settings name no address of releases"
    # Nothing is installed beside a slot that may yet fall back.
    if (
        not slot_confirmed.in_rescue(paths.root)
        and slot_confirmed.confirmation(slot_confirmed.ask_systemd())
        is slot_confirmed.Confirmation.OPEN
    ):
        return "it is not known yet whether the release that runs stays"
    url = site.province.releases
    try:
        published = release_at(url, site.province.ca)
        if reason := _not_wanted(published.version, paths):
            return reason
    except (AddressError, ValueError) as error:
        return str(error)
    return _install(url, published, window) or _restart(published.version, window)


def _not_wanted(version: str, paths: Paths) -> str:
    """Why this release is none for this box; raises `ValueError` where `version` is none."""
    running = box.running_release(paths)
    if order(version) <= order(running):
        return f"{running} runs, {version} is to be had"
    if version in box.failed_releases(paths.run):
        return f"{version} was tried here and did not stay"
    return ""


def _install(url: str, published: PublishedRelease, window: Window) -> str:
    """Why what is `published` is not in the other slot; "" once it is."""
    version, now = published.version, window.now()
    tried = _tried(window.paths.run, version, now)
    if tried.installed:
        return ""
    failures = tried.failures
    if is_over_budget(window.paths.data, version, now):
        return f"{version} {OVER_BUDGET}"
    if failures and now - tried.at < RETRY_S[min(failures, len(RETRY_S)) - 1]:
        return f"{version} could not be installed {failures} times; again after some hours"
    if reason := window.why_wait(Work.DOWNLOAD):
        return f"{version} is not installed now: {reason}"
    log.info("installing %s from %s", version, url)
    done = install(
        url,
        window.paths,
        why_stop=lambda: window.why_stop(Work.DOWNLOAD),
        max_bytes=download_budget(published.size),
    )
    log.info("%.1f MiB came over the line", done.received / MIB)
    return _ended(done, version, failures, window)


def _ended(done: Install, version: str, failures: int, window: Window) -> str:
    run, now = window.paths.run, window.now()
    match done.ending:
        case Ending.INSTALLED:
            _keep(run, ReleaseFacts(version=version, installed=True), now)
            return ""
        case Ending.STOPPED:
            # No fault of the release: the next look that may takes it up.
            return f"{version} is not installed now: {done.reason}"
        case Ending.OVER_BUDGET:
            # Where the data partition takes nothing, the hours of a release that fails still count.
            _keep(run, ReleaseFacts(version=version, failures=len(RETRY_S)), now)
            try:
                note_over_budget(window.paths.data, version, now)
            except OSError as error:
                log.warning("that %s is over its budget cannot be kept: %s", version, error)
            return f"{version} {OVER_BUDGET}: {done.reason}"
        case Ending.FAILED:
            log.warning("not installed: %s: %s", version, done.reason)
            _keep(run, ReleaseFacts(version=version, failures=failures + 1), now)
            return f"{version} was not installed; `diemcau slots show` says why"


def _restart(version: str, window: Window) -> str:
    if reason := restart(window):
        return f"{version} is installed and not started now: {reason}"
    return f"{version} is starting"


def _tried(run: Path, version: str, now: float) -> ReleaseFacts:
    """What this start knows of earlier looks at `version`."""
    tried = RELEASE_FILE.read(run, now, inf)
    return tried if tried and tried.version == version else ReleaseFacts(version=version)


def _keep(run: Path, facts: ReleaseFacts, now: float) -> None:
    """For the looks of this start; the next start begins anew."""
    try:
        RELEASE_FILE.write(run, facts, now)
    except FactFileError as error:
        log.warning("%s", error)
