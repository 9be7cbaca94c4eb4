"""``diemcau stick DEVICE``: takes a support grant and a release from a stick of the IT centre.

Its unit mounts the stick, and udev starts the unit.
"""

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

import click

from appliance.base.journal import open_journal
from appliance.base.paths import Paths
from appliance.core.maintenance_window import Work
from hardware.vitals.identity import serial
from hardware.vitals.mounts import mount_of
from hardware.vitals.sysfs import word
from services.support import shell
from services.support.accept_grant import AcceptedGrant, accept_grant, find_grant
from services.support.errors import StickError
from services.support.grant_policy import ThisBox
from services.support.trusted_time import trusted_time
from services.updates import box, slot_confirmed
from services.updates.bundles import Bundle, choose_bundle, find_bundles
from services.updates.install import Ending, install, restart
from services.updates.progress import Progress, StickState
from services.updates.tools.options import box_options
from services.updates.window import Window

log = logging.getLogger("diemcau.stick")

Outcome = tuple[StickState, str]
"""What became of one thing on the stick, and its detail for the journal."""

NOTHING_FOUND: Outcome = (
    StickState.REFUSED,
    "no .raucb or support.cms in the topmost folder",
)
NOT_DURABLE = ("tmpfs", "overlay")
"""File systems that the initramfs puts in the place of a data partition which takes no writes."""
RANKING = (StickState.DONE, StickState.REFUSED, StickState.WAITING, StickState.INSTALLING)
"""Of two outcomes the TV shows the one that is later in this list."""


@dataclass(frozen=True, slots=True)
class Stick:
    """A stick that is mounted, and the box that it is in."""

    device: str
    """Its name below /dev, e.g. sda1."""
    folder: Path
    authority: Path
    """A file with the one whose grants are taken."""
    paths: Paths


@click.command("stick")
@click.argument("device")
@click.option("--stick", default="/run/diemcau-stick", show_default=True,
              type=click.Path(path_type=Path), help="Where it is mounted.")  # fmt: skip
@box_options
@click.option("--authority", default="/etc/diemcau/provisioning.pem", show_default=True,
              type=click.Path(path_type=Path), help="Whose grants are taken.")  # fmt: skip
def stick(
    device: str, stick: Path, run_path: Path, data: Path, root: Path, authority: Path
) -> None:
    """Read the stick in DEVICE (sda1): a support grant first, then the newest release.

    Exit code 0 also where nothing of it is taken: the journal and the TV say why. 1 where the
    stick that is mounted is another one.
    """
    open_journal("stick")
    here = Stick(device, stick, authority, Paths(data, run_path, root))
    if not is_mounted(here):
        raise click.ClickException(f"{stick} is not the stick in {device}: one at a time")
    progress = Progress(run_path)
    progress.tell(StickState.READING, device)
    try:
        outcomes = [one for one in (_support(here), _release(here, progress)) if one]
    except OSError as error:
        outcomes = [(StickState.REFUSED, f"not all could be done: {error}")]
    progress.tell(*max(outcomes, key=lambda one: RANKING.index(one[0]), default=NOTHING_FOUND))


def is_mounted(stick: Stick) -> bool:
    """Whether what is mounted is this device, and not a stick that was there before it."""
    if not re.fullmatch(r"sd[a-z]+[0-9]*", stick.device):
        return False
    number = word(stick.paths.root / "sys/class/block" / stick.device / "dev")
    try:
        found = stick.folder.stat().st_dev
    except OSError:
        return False
    return number == f"{os.major(found)}:{os.minor(found)}"


def _support(stick: Stick) -> Outcome | None:
    signed = find_grant(stick.folder)
    if signed is None:
        return None
    try:
        accepted = _open_shell(signed, stick)
    except StickError as error:
        log.warning("support: not granted: %s", error)
        return StickState.REFUSED, f"support.cms: {error}"
    return StickState.DONE, str(accepted)


def _open_shell(signed: bytes, stick: Stick) -> AcceptedGrant:
    if shell.active():
        raise StickError("somebody is at work here already")
    data, root = stick.paths.data, stick.paths.root
    accepted = accept_grant(signed, stick.authority, data, lambda: _this_box(stick.paths))
    log.warning("%s", accepted, extra={"GRANT": accepted.grant.id})
    mount = mount_of(root, str(data))
    if mount is not None and mount.kind in NOT_DURABLE:
        log.warning("%s is %s: the next start will not know that grant %s was used",
                    data, mount.kind, accepted.grant.id)  # fmt: skip
    shell.start(root, shell.drop_in(stick.device, accepted.grant, accepted.seconds))
    return accepted


def _release(stick: Stick, progress: Progress) -> Outcome | None:
    found = find_bundles(stick.folder)
    if not found:
        return None
    paths = stick.paths
    if reason := slot_confirmed.wait_until_confirmed(paths.root, progress.repeat):
        log.warning("nothing is installed: %s", reason)
        return StickState.REFUSED, reason
    chosen = choose_bundle(
        found,
        box.running_release(paths),
        box.failed_releases(paths.run),
        box.kind_of_box(paths.root),
    )
    if chosen.bundle is None:
        log.info("nothing to install: %s", chosen.reason)
        return StickState.REFUSED if chosen.refused else StickState.DONE, chosen.reason
    return _install(chosen.bundle, progress, Window(paths, attended=True))


def _install(bundle: Bundle, progress: Progress, window: Window) -> Outcome:
    name = bundle.path.name
    if reason := window.why_wait(Work.INSTALL):
        return _at_power_on(name, reason)

    def why_stop() -> str:
        progress.repeat()
        return window.why_stop(Work.INSTALL)

    progress.tell(StickState.INSTALLING, f"{name} {bundle.version}".rstrip())
    done = install(str(bundle.path), window.paths, why_stop=why_stop)
    if done.ending is Ending.STOPPED:
        return _at_power_on(name, done.reason)
    if done.ending is not Ending.INSTALLED:
        log.warning("not installed: %s: %s", name, done.reason)
        return StickState.REFUSED, f"{name} was not installed; `diemcau slots show` says why"
    log.info("installed: %s", name)
    if reason := restart(window):
        return StickState.WAITING, f"{name} starts at the next power-on: {reason}"
    return StickState.INSTALLING, f"{name} is starting"


def _at_power_on(name: str, reason: str) -> Outcome:
    log.info("not installed now: %s: %s", name, reason)
    return StickState.WAITING, f"{name} is installed at the next power-on: {reason}"


def _this_box(paths: Paths) -> ThisBox:
    site = box.settings(paths.data)
    trust = site.clock.trust if site else "synchronised"
    return ThisBox(
        serial(paths.root), site.site.id if site else "", trusted_time(paths.root, trust)
    )
