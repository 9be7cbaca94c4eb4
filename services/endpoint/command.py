"""``diemcau endpoint``: be this site."""

import asyncio
from pathlib import Path

import click
import uvloop

from appliance.base.journal import open_journal
from appliance.base.paths import Paths
from appliance.base.site_file import SiteFileError, read_site
from appliance.media.tv.output import Output
from hardware.wiring import TWO_BUTTONS
from services.endpoint.program import conduct
from services.endpoint.simulator import Simulator


@click.command("endpoint")
@click.option("--site", "site_path", default="/data/site.toml", show_default=True,
              type=click.Path(path_type=Path), help="The site file.")  # fmt: skip
@click.option("--data", default="/data/endpoint", show_default=True,
              type=click.Path(path_type=Path), help="What must survive a power cut.")  # fmt: skip
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact file's folder.")  # fmt: skip
@click.option("--vout", default="xcb_x11", show_default=True, help="VLC's video output.")
@click.option("--aout", default="pulse", show_default=True, help="VLC's audio output.")
@click.option("--simulator", "socket", type=click.Path(path_type=Path),
              help="A socket that moves button, plugs and cable; not in an image.")  # fmt: skip
@click.option("--root", default="/", show_default=True, type=click.Path(path_type=Path),
              help="Where procfs is; a recorded tree in tests.")  # fmt: skip
@click.option("--verbose", is_flag=True)
def endpoint(
    site_path: Path,
    data: Path,
    run_path: Path,
    vout: str,
    aout: str,
    socket: Path | None,
    root: Path,
    verbose: bool,
) -> None:
    """Join the meetings of the agenda, show them on the TV, and never leave it blank."""
    open_journal("endpoint", verbose=verbose)
    try:
        site = read_site(site_path)
    except SiteFileError as error:
        for problem in error.problems:
            click.echo(f"{site_path}: {problem}", err=True)
        raise SystemExit(2) from error
    simulator = None if socket is None else _simulator(socket)
    loop = uvloop.new_event_loop if simulator is None else simulator.new_event_loop
    with asyncio.Runner(loop_factory=loop) as runner:
        paths = Paths(data, run_path, root)
        runner.run(conduct(site, paths, simulator, Output(vout=vout, aout=aout)))


def _simulator(socket: Path) -> Simulator:
    """Loaded for a laptop alone; raises click.UsageError in an image, which carries none."""
    try:
        from hardware.simulator.socket import SimulatorSocket  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise click.UsageError("this is a box: it has no simulator") from error
    return SimulatorSocket(socket, TWO_BUTTONS)
