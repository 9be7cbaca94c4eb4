"""``diemcau check``: every problem of a site file, with its line and its remedy."""

import dataclasses
import json
from pathlib import Path

import click

from appliance.base.site_file import SiteFileError, SiteFileProblem, read_site


@click.command("check")
@click.argument("site_file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="A list of problems on standard output.")
def check(site_file: Path, as_json: bool) -> None:
    """Tell all that is wrong with SITE_FILE; exit code 1 where anything is."""
    problems: tuple[SiteFileProblem, ...] = ()
    try:
        read_site(site_file)
    except SiteFileError as error:
        problems = error.problems
    if as_json:
        click.echo(
            json.dumps([dataclasses.asdict(problem) for problem in problems], ensure_ascii=False)
        )
    else:
        for problem in problems:
            click.echo(f"{problem.in_vietnamese()}\n    {problem}")
        if not problems:
            click.echo("Tệp không có lỗi / The file has no problems")
    raise SystemExit(1 if problems else 0)
