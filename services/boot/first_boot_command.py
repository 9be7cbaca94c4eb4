"""``diemcau first-boot``: takes the site file from the card into the box, at every start."""

import grp
import os
from pathlib import Path

import click

from services.boot.disk import find_kept, find_offered, perform
from services.boot.offered import take_apart
from services.boot.provision import RESULT, plan

SERIAL = Path("/sys/firmware/devicetree/base/serial-number")


@click.command("first-boot")
@click.option("--boot", default="/boot", show_default=True,
              type=click.Path(path_type=Path), help="The FAT partition of the card.")  # fmt: skip
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.option("--group", default="diemcau", show_default=True,
              help="Who may read the settings.")  # fmt: skip
def first_boot(boot: Path, data: Path, group: str) -> None:
    """Import the card's site file where it is new; the same code as `diemcau check` judges it.

    Exit code 0 where settings are in force, 3 where there are none.
    """
    apply(boot, data, _group(group), _serial(SERIAL))
    kept = find_kept(data)
    click.echo(f"settings in force: {kept.number}" if kept else "no settings in force")
    raise SystemExit(0 if kept else 3)


def apply(boot: Path, data: Path, group: int, serial: str) -> None:
    """Do all that is due. Raises `OSError` where a disk refuses; what is done by then stays."""
    found = find_offered(boot)
    result = boot / Path(RESULT).name
    present = result.read_bytes() if result.exists() else b""
    offered = take_apart(found[1]) if found else None
    path = found[0] if found else ""
    for operation in plan(offered, path, find_kept(data), present, serial):
        perform(operation, boot, data, group)


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return os.getgid()


def _serial(file: Path) -> str:
    try:
        return file.read_text().strip("\0\n") or "-"
    except OSError:
        return "-"
