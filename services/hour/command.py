"""``diemcau hour``: set the clock by the province's signed hour where no time server does."""

import asyncio
import logging
from pathlib import Path

import click

from appliance.base.clock import HOUR_MARK
from appliance.base.config import Site
from appliance.base.journal import open_journal
from appliance.base.run import run_until_signal
from appliance.base.site_file import SiteFileError, read_site
from services.hour.machine_clock import KernelClock, Mark
from services.hour.program import Floor, HourProgram
from services.hour.question import questions
from services.support.trusted_time import kept_hour, release_made

log = logging.getLogger("diemcau.hour")


@click.command("hour")
@click.option("--site", "site_path", default="/data/site.toml", show_default=True,
              type=click.Path(path_type=Path), help="The site file.")  # fmt: skip
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--mark", default=HOUR_MARK, show_default=True,
              type=click.Path(path_type=Path), help="Made when the clock is set.")  # fmt: skip
@click.option("--root", default="/", show_default=True, type=click.Path(path_type=Path),
              help="Where the running system is.")  # fmt: skip
def hour(site_path: Path, run_path: Path, mark: Path, root: Path) -> None:
    """Ask the province until the hour is known, set the clock, and end.

    It ends at once where a time server holds the clock, where the site file says that the machine
    has one, and where it names nobody to ask.
    """
    open_journal("hour")
    try:
        site = read_site(site_path)
    except SiteFileError as error:
        for problem in error.problems:
            click.echo(f"{site_path}: {problem}", err=True)
        raise SystemExit(2) from error
    if reason := _why_not(site):
        log.info("hour: not asked: %s", reason)
        return
    floor = Floor(release_made(root), kept_hour(root))
    program = HourProgram(questions(site), KernelClock(), floor, Mark(mark), run_path)
    try:
        asyncio.run(run_until_signal(program.run()))
    except OSError as error:
        raise click.ClickException(f"the clock cannot be set: {error}") from error


def _why_not(site: Site) -> str:
    if site.clock.trust == "always":
        return "[clock] trust says that this machine has a clock"
    if not questions(site):
        return "the site file names no [province] url with its ca, and no agenda with one"
    return ""
