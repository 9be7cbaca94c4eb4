"""``diemcau first-boot``: takes the site file from the card into the box, at every start."""

import grp
import os
import pwd
import time
from math import inf
from pathlib import Path

import click
import msgspec

from appliance.base.errors import FactFileError
from appliance.base.fact_file import SITE_FILE
from appliance.wire.facts import SiteFileFacts
from services.card.needs import read_needs
from services.card.site_file_on_card import (
    SiteFileOnCard,
    take_apart,
    with_authorities,
    with_wifi_password,
)
from services.provisioning.disk import (
    find_authorities,
    find_folder,
    find_in_force,
    find_site_file,
    perform,
)
from services.provisioning.disk_ops import DiskOps
from services.provisioning.network import write_network
from services.provisioning.provision import RESULT, plan
from services.provisioning.restoration import restoration
from services.provisioning.second_copy import IDENTITY
from services.provisioning.second_copy_disk import read
from services.provisioning.site_file_facts import site_file_facts
from services.provisioning.time_servers import write_time_servers
from services.slots.boot_state_disk import DISK

AGENDA = "endpoint/agenda"
"""Where the endpoint keeps its agenda, below the data partition."""
SERIAL = Path("/sys/firmware/devicetree/base/serial-number")


@click.command("first-boot")
@click.option("--boot", default="/boot", show_default=True,
              type=click.Path(path_type=Path), help="The FAT partition of the card.")  # fmt: skip
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.option("--group", default="diemcau", show_default=True,
              help="Who may read the settings.")  # fmt: skip
@click.option("--user", default="diemcau", show_default=True,
              help="Whose the site's key is: health's.")  # fmt: skip
@click.option("--disk", default=DISK, show_default=True,
              type=click.Path(path_type=Path), help="The whole card.")  # fmt: skip
@click.option("--run", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--timesyncd", default="/run/systemd/timesyncd.conf.d", show_default=True,
              type=click.Path(path_type=Path), help="For the settings' time servers.")  # fmt: skip
@click.option("--root", default="/", show_default=True,
              type=click.Path(path_type=Path), help="Where /run is.")  # fmt: skip
def first_boot(
    boot: Path,
    data: Path,
    group: str,
    user: str,
    disk: Path,
    run: Path,
    timesyncd: Path,
    root: Path,
) -> None:
    """Import the card's site file where it is new; the same code as `diemcau check` judges it.

    What was wrong with it is told in RUN/site-file.json, at each start anew. Exit code 0 where
    settings are in force, 3 where there are none.
    """
    try:
        apply(boot, data, _group(group), _serial(SERIAL), user=_user(user), disk=disk, run=run)
    except OSError as error:
        # The settings that are in force stay so; what could not be done is due at the next start.
        click.echo(f"the card or the data partition takes nothing: {error}", err=True)
    if timesyncd.is_dir():
        _tell_timesyncd(data / "site/site.toml", timesyncd)
    try:
        done = write_network(data / "site", root)
    except OSError as error:
        done = f"the network of the settings cannot be told: {error}"
    if done:
        click.echo(done)
    _tell_end(run)
    kept = find_in_force(data)
    click.echo(f"settings in force: {kept.number}" if kept else "no settings in force")
    raise SystemExit(0 if kept else 3)


def apply(
    boot: Path,
    data: Path,
    group: int,
    serial: str,
    *,
    user: int = -1,
    disk: Path | None = None,
    run: Path | None = None,
) -> None:
    """Do all that is due. Raises `OSError` where a disk refuses; what is done by then stays.

    Without settings in force the second copy on `disk` comes first, and the card's file is then
    judged beside it as on a box that has lost nothing. `group` and `user` are as for `perform`.
    What is wrong with the card's file is told in `run` first, whatever the disks do then.
    """
    found = find_site_file(boot)
    result = boot / Path(RESULT).name
    present = result.read_bytes() if result.exists() else b""
    on_card = take_apart(found[1], find_authorities(boot)) if found else None
    path = found[0] if found else ""
    if run is not None:
        _tell(run, site_file_facts(on_card.problems if on_card else ()))
    if disk is not None and find_in_force(data) is None:
        try:
            for operation in _restoration(disk, data, on_card):
                perform(operation, boot, data, group, user)
        except OSError as error:
            # Without its second copy a box is as good as a new one; that must not stop a start.
            click.echo(f"the second copy cannot be used: {error}")
    kept = find_in_force(data)
    if on_card is not None:
        judged = with_authorities(on_card, kept.authorities if kept else b"")
        judged = with_wifi_password(judged, kept.secrets if kept else {})
        if judged is not on_card and run is not None:
            _tell(run, site_file_facts(judged.problems))
        on_card = judged
    needs = read_needs(data / AGENDA)
    folder = "" if found else find_folder(boot)
    for operation in plan(on_card, path, kept, present, serial, needs, folder):
        perform(operation, boot, data, group, user)


def _tell_timesyncd(settings: Path, folder: Path) -> None:
    try:
        done = write_time_servers(settings, folder)
    except OSError as error:
        done = f"the time servers of the settings cannot be told: {error}"
    if done:
        click.echo(done)


def _tell_end(run: Path) -> None:
    """For the slot check: what this start brings is in force now."""
    told = SITE_FILE.read(run, time.time(), inf) or SiteFileFacts()
    _tell(run, msgspec.structs.replace(told, ended=True))


def _tell(run: Path, facts: SiteFileFacts) -> None:
    if not run.is_dir():
        return
    try:
        SITE_FILE.write(run, facts, time.time())
    except FactFileError as error:
        # The settings count for more than a word about them.
        click.echo(f"the problems of the site file cannot be told: {error}")


def _restoration(disk: Path, data: Path, on_card: SiteFileOnCard | None) -> DiskOps:
    copy = read(disk)
    own = data / IDENTITY
    due = restoration(copy, on_card, own.read_bytes() if own.exists() else b"")
    if due:
        click.echo("no settings in force: settings and identity come from the second copy")
    elif copy is not None:
        click.echo(f"the second copy is of another site, {copy.site}: it stays unused")
    return due


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return os.getgid()


def _user(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return -1


def _serial(file: Path) -> str:
    try:
        return file.read_text().strip("\0\n") or "-"
    except OSError:
        return "-"
