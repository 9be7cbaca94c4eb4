"""``diemcau stick DEVICE``: does what a stick of the IT centre is for. Its unit mounts it."""

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
from services.support.accept_grant import Admitted, admit, find
from services.support.errors import StickError
from services.support.grant_policy import Here
from services.support.trusted_time import trusted_time
from services.updates import box, slot_confirmed
from services.updates.bundles import Bundle, choose, look
from services.updates.install import Ending, install, restart
from services.updates.progress import Progress, Stage
from services.updates.window import Window

log = logging.getLogger("diemcau.stick")

NOTHING = (Stage.REFUSED, "no .raucb or support.cms in the topmost folder")
FORGETTING = ("tmpfs", "overlay")
"""What the initramfs has for a data partition that takes nothing: memory, whole or laid over."""
TOLD = (Stage.DONE, Stage.REFUSED, Stage.WAITING, Stage.INSTALLING)
"""Of two outcomes people are told the later one of these."""

Said = tuple[Stage, str]


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
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
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
    progress.tell(Stage.READING, device)
    try:
        said = [one for one in (_support(here), _release(here, progress)) if one]
    except OSError as error:
        said = [(Stage.REFUSED, f"not all could be done: {error}")]
    progress.tell(*max(said, key=lambda one: TOLD.index(one[0]), default=NOTHING))


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


def _support(stick: Stick) -> Said | None:
    signed = find(stick.folder)
    if signed is None:
        return None
    try:
        admitted = _open(signed, stick)
    except StickError as error:
        log.warning("support: not granted: %s", error)
        return Stage.REFUSED, f"support.cms: {error}"
    return Stage.DONE, str(admitted)


def _open(signed: bytes, stick: Stick) -> Admitted:
    if shell.active():
        raise StickError("somebody is at work here already")
    data, root = stick.paths.data, stick.paths.root
    admitted = admit(signed, stick.authority, data, lambda: _here(stick.paths))
    log.warning("%s", admitted, extra={"GRANT": admitted.grant.id})
    mount = mount_of(root, str(data))
    if mount is not None and mount.kind in FORGETTING:
        log.warning("%s is %s: the next start will not know that grant %s was used",
                    data, mount.kind, admitted.grant.id)  # fmt: skip
    shell.start(root, shell.drop_in(stick.device, admitted.grant, admitted.seconds))
    return admitted


def _release(stick: Stick, progress: Progress) -> Said | None:
    found = look(stick.folder)
    if not found:
        return None
    paths = stick.paths
    if reason := slot_confirmed.wait(paths.root, progress.again):
        log.warning("nothing is installed: %s", reason)
        return Stage.REFUSED, reason
    chosen = choose(found, box.running_release(paths), box.failed_releases(paths.run))
    if chosen.bundle is None:
        log.info("nothing to install: %s", chosen.reason)
        return Stage.REFUSED if chosen.refused else Stage.DONE, chosen.reason
    return _install(chosen.bundle, progress, Window(paths, attended=True))


def _install(bundle: Bundle, progress: Progress, window: Window) -> Said:
    name = bundle.path.name
    if reason := window.why_wait(Work.INSTALL):
        return _at_power_on(name, reason)

    def why_stop() -> str:
        progress.again()
        return window.why_stop(Work.INSTALL)

    progress.tell(Stage.INSTALLING, f"{name} {bundle.version}".rstrip())
    done = install(str(bundle.path), window.paths, why_stop=why_stop)
    if done.ending is Ending.STOPPED:
        return _at_power_on(name, done.reason)
    if done.ending is not Ending.INSTALLED:
        log.warning("not installed: %s: %s", name, done.reason)
        return Stage.REFUSED, f"{name} was not installed; `diemcau slots show` says why"
    log.info("installed: %s", name)
    if reason := restart(window):
        return Stage.WAITING, f"{name} starts at the next power-on: {reason}"
    return Stage.INSTALLING, f"{name} is starting"


def _at_power_on(name: str, reason: str) -> Said:
    log.info("not installed now: %s: %s", name, reason)
    return Stage.WAITING, f"{name} is installed at the next power-on: {reason}"


def _here(paths: Paths) -> Here:
    site = box.settings(paths.data)
    trust = site.clock.trust if site else "synchronised"
    return Here(serial(paths.root), site.site.id if site else "", trusted_time(paths.root, trust))
