"""``diemcau admit``: RAUC's pre-install handler, which refuses what is older than what runs."""

import os
import time
from dataclasses import replace
from pathlib import Path

import click

from appliance.core.versions import refusal
from services.slots.current_slot import SLOT_FILES, release_in, running_slot, slot_file
from services.slots.header import read_header
from services.slots.record import Refused, read_record, write_record

IMAGE = "system.img"


@click.command("admit")
@click.option("--bundle", type=click.Path(path_type=Path),
              default=lambda: os.environ.get("RAUC_BUNDLE_MOUNT_POINT", ""),
              help="Where RAUC has mounted the bundle.")  # fmt: skip
@click.option("--slots", "slot_files", default=SLOT_FILES, show_default=True,
              help="Where a slot is, {} its letter.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
@click.option("--data", default="/data", show_default=True, type=click.Path(path_type=Path))
def admit(bundle: Path, slot_files: str, root: Path, data: Path) -> None:
    """Exit code 0 where the bundle may be installed, 1 where it may not; says why.

    The version is that of the slot image itself, not the manifest's: the image is what would run.
    """
    running = release_in(slot_file(slot_files, running_slot(root)))
    reason = why_refuse(bundle / IMAGE, running)
    if reason:
        # RAUC reads lines of this form from its handlers (rauc.readthedocs.io, Handler Interface).
        click.echo(f"<< error {reason}")
        _keep(data, reason)
        raise SystemExit(1)


def _keep(data: Path, reason: str) -> None:
    """Keep the reason: RAUC tells its caller only that the handler has refused."""
    refused = Refused("a bundle", reason, time.time())
    try:
        write_record(data, replace(read_record(data), refused=refused))
    except OSError as error:
        click.echo(f"the reason cannot be kept: {error}", err=True)


def why_refuse(image: Path, running: str) -> str:
    """Why `image` must not be installed beside the release `running`; "" where it may."""
    try:
        with image.open("rb") as file:
            header = read_header(file)
    except OSError as error:
        return f"{image.name} of the bundle cannot be read: {error.strerror}"
    if header is None:
        return f"{image.name} of the bundle is no slot of this kind of box"
    return refusal(header.version, running)
