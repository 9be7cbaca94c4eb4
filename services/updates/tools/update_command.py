"""``diemcau update BUNDLE``: installs a bundle into the other slot, by hand."""

from pathlib import Path

import click

from appliance.base.paths import Paths
from appliance.core.maintenance_window import Work
from services.updates.bundle_size import MIB
from services.updates.install import Ending, install, is_address
from services.updates.window import Window


@click.command("update")
@click.argument("bundle")
@click.option("--data", default="/data", show_default=True, type=click.Path(path_type=Path),
              help="The data partition.")  # fmt: skip
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--root", default="/", type=click.Path(path_type=Path), help="The running system.")
@click.option("--most", "most_mib", type=click.FloatRange(min=0),
              help="MiB that may come over the line; beyond it the update ends. By itself three"
              " quarters of the bundle: set it where more is known to be needed.")  # fmt: skip
@click.option("--ca", type=click.Path(path_type=Path),
              help="Authority of the server's certificate; the site file's province.")  # fmt: skip
@click.option("--now", is_flag=True, help="Also while a meeting is on or near.")
def update(
    bundle: str, data: Path, run_path: Path, root: Path, most_mib: float | None, ca: Path | None,
    now: bool,
) -> None:  # fmt: skip
    """Install BUNDLE, a file or an https address; the next start tries it.

    Of an address only those blocks are fetched that the running slot does not have. Exit code 0
    where it is installed, 1 where it is refused or has to wait; why it was refused stays in
    `diemcau slots show`.
    """
    paths = Paths(data, run_path, root)
    work = Work.DOWNLOAD if is_address(bundle) else Work.INSTALL
    window = Window(paths, attended=True)

    def why_stop() -> str:
        return "" if now else window.why_stop(work)

    if reason := why_stop():
        raise click.ClickException(f"not installed now: {reason}; --now installs all the same")
    authority = str(ca) if ca else ""
    max_bytes = None if most_mib is None else round(most_mib * MIB)
    done = install(bundle, paths, why_stop=why_stop, max_bytes=max_bytes, authority=authority)
    click.echo(f"{done.output}{done.received / MIB:.1f} MiB came over the line")
    if done.not_kept:
        click.echo(f"the outcome cannot be kept: {done.not_kept}", err=True)
    if done.ending is not Ending.INSTALLED:
        click.echo(done.reason, err=True)
        raise SystemExit(1)
