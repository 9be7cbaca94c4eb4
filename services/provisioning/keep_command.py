"""``diemcau keep``: brings the second copy of settings and identity up to date."""

import errno
from pathlib import Path

import click

from hardware.vitals.mounts import mount_of
from hardware.vitals.sysfs import whole
from services.provisioning.second_copy import TooLargeError
from services.provisioning.second_copy_disk import gather, write
from services.slots.boot_state_disk import DISK

OWN = "ext4"
"""What the card's data partition is; the initramfs puts memory (tmpfs) in its place, or lays it
over (overlay)."""
NO_WRITES = (errno.EROFS, errno.EIO)


@click.command("keep")
@click.option("--disk", default=DISK, show_default=True,
              type=click.Path(path_type=Path), help="The whole card.")  # fmt: skip
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
def keep(disk: Path, data: Path, root: Path) -> None:
    """Write what makes this box its site into the gap of the disk, where it is not there already.

    Exit code 0 also where there is nothing to keep, or a card that takes nothing any more: it says
    so, and the last copy stays. 1 where there is too much to keep, or the disk cannot be used.
    """
    mount = mount_of(root, str(data))
    kind = mount.kind if mount else "nothing"
    if kind != OWN:
        click.echo(f"{data} is {kind}, not the card's partition: the second copy stays as it is")
        return
    try:
        found = gather(data)
        if found is None:
            click.echo("no settings in force: the second copy stays as it is")
            return
        written = write(disk, found)
    except TooLargeError as error:
        click.echo(f"{error}; make it smaller. The second copy stays as it is", err=True)
        raise SystemExit(1) from error
    except OSError as error:
        if error.errno in NO_WRITES or _is_read_only(disk, root):
            click.echo(f"the card takes nothing any more ({error}): the second copy stays as it is")
            return
        click.echo(f"the second copy cannot be kept: {error}; look at {data}, {disk}", err=True)
        raise SystemExit(1) from error
    click.echo("the second copy is written" if written else "the second copy says the same")


def _is_read_only(disk: Path, root: Path) -> bool:
    """To write to a read-only disk gives EPERM, as a sandbox does (kernel: block/fops.c)."""
    return whole(root / "sys/class/block" / disk.resolve().name / "ro") == 1
