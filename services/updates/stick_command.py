"""``diemcau stick DEVICE``: does what a stick of the IT centre is for. Its unit mounts it."""

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

import click

from appliance.base.journal import open_journal
from hardware.vitals.identity import serial
from hardware.vitals.mounts import mount_of
from hardware.vitals.sysfs import word
from services.support import shell
from services.support.accept_grant import Admitted, admit, find
from services.support.errors import StickError
from services.support.grant_policy import Here
from services.support.trusted_time import trusted_time
from services.updates import install, slot_confirmed
from services.updates.bundles import Bundle, choose, look
from services.updates.progress import Progress, Stage

log = logging.getLogger("diemcau.stick")

NOTHING = (Stage.REFUSED, "no .raucb or support.cms in the topmost folder")
FORGETTING = ("tmpfs", "overlay")
"""What the initramfs has for a data partition that takes nothing: memory, whole or laid over."""
TOLD = (Stage.DONE, Stage.REFUSED, Stage.WAITING, Stage.INSTALLING)
"""Of two outcomes people are told the later one of these."""

Said = tuple[Stage, str]


@dataclass(frozen=True, slots=True)
class Places:
    """Of the box, below its root, and of the stick."""

    stick: Path
    run: Path
    data: Path
    root: Path
    authority: Path


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
    places = Places(stick, run_path, data, root, authority)
    if not is_mounted(device, places):
        raise click.ClickException(f"{stick} is not the stick in {device}: one at a time")
    telling = Progress(run_path)
    telling.tell(Stage.READING, device)
    try:
        said = [one for one in (_support(device, places), _release(telling, places)) if one]
    except OSError as error:
        said = [(Stage.REFUSED, f"not all could be done: {error}")]
    telling.tell(*max(said, key=lambda one: TOLD.index(one[0]), default=NOTHING))


def is_mounted(device: str, places: Places) -> bool:
    """Whether what is mounted is this device, and not a stick that was there before it."""
    if not re.fullmatch(r"sd[a-z]+[0-9]*", device):
        return False
    number = word(places.root / "sys/class/block" / device / "dev")
    try:
        found = places.stick.stat().st_dev
    except OSError:
        return False
    return number == f"{os.major(found)}:{os.minor(found)}"


def _support(device: str, places: Places) -> Said | None:
    signed = find(places.stick)
    if signed is None:
        return None
    try:
        admitted = _open(signed, device, places)
    except StickError as error:
        log.warning("support: not granted: %s", error)
        return Stage.REFUSED, f"support.cms: {error}"
    return Stage.DONE, str(admitted)


def _open(signed: bytes, device: str, places: Places) -> Admitted:
    if shell.active():
        raise StickError("somebody is at work here already")
    admitted = admit(signed, places.authority, places.data, lambda: _here(places))
    log.warning("%s", admitted, extra={"GRANT": admitted.grant.id})
    mount = mount_of(places.root, str(places.data))
    if mount is not None and mount.kind in FORGETTING:
        log.warning("%s is %s: the next start will not know that grant %s was used",
                    places.data, mount.kind, admitted.grant.id)  # fmt: skip
    shell.start(places.root, shell.drop_in(device, admitted.grant, admitted.seconds))
    return admitted


def _release(telling: Progress, places: Places) -> Said | None:
    found = look(places.stick)
    if not found:
        return None
    if reason := slot_confirmed.wait(places.root, telling.again):
        log.warning("nothing is installed: %s", reason)
        return Stage.REFUSED, reason
    running = install.running(places.root, places.run)
    chosen = choose(found, running, install.failed_here(places.run))
    if chosen.bundle is None:
        log.info("nothing to install: %s", chosen.reason)
        return Stage.REFUSED if chosen.refused else Stage.DONE, chosen.reason
    return _bring(chosen.bundle, telling, places)


def _bring(bundle: Bundle, telling: Progress, places: Places) -> Said:
    name = bundle.path.name
    if reason := install.meeting(places.root, places.run, places.data):
        log.info("not installed now: %s: %s", name, reason)
        return Stage.WAITING, f"{name} is installed at the next power-on: {reason}"
    telling.tell(Stage.INSTALLING, f"{name} {bundle.version}".rstrip())
    if not install.install(str(bundle.path), places.data, telling.again):
        return Stage.REFUSED, f"{name} was not installed; `diemcau slots show` says why"
    log.info("installed: %s", name)
    if reason := install.start(places.run, places.data):
        return Stage.WAITING, f"{name} starts at the next power-on: {reason}"
    return Stage.INSTALLING, f"{name} is starting"


def _here(places: Places) -> Here:
    site = install.settings(places.data)
    trust = site.clock.trust if site else "synchronised"
    return Here(serial(places.root), site.site.id if site else "", trusted_time(places.root, trust))
