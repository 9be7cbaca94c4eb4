"""``diemcau updater``: one look at the address where the IT centre lays its releases.

A timer calls it for as long as the box is on. The newest release lies there under one name, so the
province commands nothing: it changes a file, and each site finds it in its own time.
"""

import logging
import time
from dataclasses import dataclass
from math import inf
from pathlib import Path

import click

from appliance.base.errors import FactFileError
from appliance.base.fact_file import RELEASE_FILE
from appliance.base.journal import open_journal
from appliance.core.versions import order
from appliance.wire.facts import ReleaseFacts
from services.updates import install, slot_confirmed
from services.updates.release_address import AddressError, offered

log = logging.getLogger("diemcau.updater")

AGAIN_S = (0.0, 3600.0, 6 * 3600.0)
"""After the first, the second and each further installation that failed: a line that broke is tried
at the next look; a release that cannot be installed may cost a whole image each time."""


@dataclass(frozen=True, slots=True)
class Places:
    """Of the box, below its root."""

    run: Path
    data: Path
    root: Path


@click.command("updater")
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
def updater(run_path: Path, data: Path, root: Path) -> None:
    """Bring in the release at the settings' address, and start it, where nobody is at work.

    Exit code 0 whatever is found: the journal says what, and the timer looks again.
    """
    open_journal("updater")
    log.info("%s", look(Places(run_path, data, root)))


def look(places: Places) -> str:
    """Do what is to be done now; how far that is, and why not farther."""
    site = install.settings(places.data)
    if site is None or not site.province.releases:
        return "the settings name no address of releases"
    # Nothing is installed beside a slot that may yet fall back.
    if (
        not slot_confirmed.in_rescue(places.root)
        and slot_confirmed.judge(slot_confirmed.state()) is slot_confirmed.SlotVerdict.OPEN
    ):
        return "it is not known yet whether the release that runs stays"
    url = site.province.releases
    try:
        version = offered(url, site.province.ca)
        if reason := _not_wanted(version, places):
            return reason
    except (AddressError, ValueError) as error:
        return str(error)
    return _bring(url, version, places)


def _not_wanted(version: str, places: Places) -> str:
    """Why this release is none for this box; raises `ValueError` where `version` is none."""
    running = install.running(places.root, places.run)
    if order(version) <= order(running):
        return f"{running} runs, {version} is to be had"
    if version in install.failed_here(places.run):
        return f"{version} was tried here and did not stay"
    return ""


def _bring(url: str, version: str, places: Places) -> str:
    tried = RELEASE_FILE.read(places.run, time.time(), inf)
    if tried is None or tried.version != version:
        tried = ReleaseFacts(version=version)
    if not tried.installed:
        failures = tried.failures
        if failures and time.time() - tried.at < AGAIN_S[min(failures, len(AGAIN_S)) - 1]:
            return f"{version} could not be installed {failures} times; again after some hours"
        if reason := install.meeting(places.root, places.run, places.data):
            return f"{version} is not installed now: {reason}"
        log.info("installing %s from %s", version, url)
        installed = install.install(url, places.data, lambda: None)
        _keep(places.run, version, 0 if installed else failures + 1, installed=installed)
        if not installed:
            return f"{version} was not installed; `diemcau slots show` says why"
    if reason := install.start(places.run, places.data):
        return f"{version} is installed and not started now: {reason}"
    return f"{version} is starting"


def _keep(run: Path, version: str, failures: int, *, installed: bool) -> None:
    """For the looks of this start; the next start begins anew."""
    facts = ReleaseFacts(version=version, installed=installed, failures=failures)
    try:
        RELEASE_FILE.write(run, facts, time.time())
    except FactFileError as error:
        log.warning("%s", error)
