"""``diemcau health``: tell the province how this site is."""

import asyncio
from contextlib import suppress
from pathlib import Path

import click

from appliance.base.journal import open_journal
from appliance.base.paths import Paths
from appliance.base.site_file import SiteFileError, read_site
from services.health.program import run_health


@click.command("health")
@click.option("--site", "site_path", default="/data/site.toml", show_default=True,
              type=click.Path(path_type=Path), help="The site file.")  # fmt: skip
@click.option("--data", default="/data/health", show_default=True,
              type=click.Path(path_type=Path), help="What must survive a power cut.")  # fmt: skip
@click.option("--run", "run_path", default="/run/diemcau", show_default=True,
              type=click.Path(path_type=Path), help="The fact files' folder.")  # fmt: skip
@click.option("--root", default="/", show_default=True, type=click.Path(path_type=Path),
              help="Where sysfs and procfs are; a recorded tree in tests.")  # fmt: skip
@click.option("--verbose", is_flag=True)
def health(site_path: Path, data: Path, run_path: Path, root: Path, verbose: bool) -> None:
    """Check the box, hold its alarms, and report both as long as the power is on."""
    open_journal("health", verbose=verbose)
    try:
        site = read_site(site_path)
    except SiteFileError as error:
        for problem in error.problems:
            click.echo(f"{site_path}: {problem}", err=True)
        raise SystemExit(2) from error
    with suppress(OSError):  # a disk that takes nothing is an alarm (canary), and no reason to end
        data.mkdir(parents=True, exist_ok=True)
    asyncio.run(run_health(site, Paths(data, run_path, root)))
