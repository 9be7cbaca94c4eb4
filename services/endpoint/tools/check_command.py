"""``diemcau check``: every problem of a site file, and what it lacks for the meetings."""

import asyncio
import dataclasses
import json
import ssl
import time
from pathlib import Path

import click

from appliance.base.config import Site
from appliance.base.site_file import SiteFileProblem
from appliance.base.texts import text
from appliance.core.message import N_
from appliance.wire.calendar.agenda import read_agenda
from appliance.wire.calendar.feed_problem import FeedError
from services.card import authorities
from services.card.missing import notes
from services.card.needs import Need, needs_of
from services.card.site_file_on_card import take_apart, with_authorities, with_wifi_password
from services.endpoint.agenda.feed import LOOK_AHEAD_S, LOOK_BACK_S
from services.endpoint.agenda.feed_fetch import Mark, client, fetch


@click.command("check")
@click.argument("site_file", type=click.Path(path_type=Path))
@click.option("--agenda", is_flag=True, help="Read its agenda, and look at the meetings, too.")
@click.option("--json", "as_json", is_flag=True, help="A list of problems on standard output.")
def check(site_file: Path, agenda: bool, as_json: bool) -> None:
    """Tell all that is wrong with SITE_FILE; exit code 1 where anything is.

    A ca.pem beside it belongs to it. What it lacks for the meetings of its agenda, and what a box
    has to have from before, is told as well and is no fault.
    """
    problems, site, blank = _judged(site_file)
    if as_json:
        click.echo(
            json.dumps([dataclasses.asdict(problem) for problem in problems], ensure_ascii=False)
        )
        raise SystemExit(1 if problems else 0)
    for problem in problems:
        click.echo(f"{problem.in_vietnamese()}\n    {problem}")
    if site is not None:
        click.echo("Tệp không có lỗi / The file has no problems")
        for note in (*blank, *notes(site, _needs(site, site_file) if agenda else ())):
            click.echo(f"{note.in_vietnamese()}\n    {note}")
    raise SystemExit(1 if problems else 0)


def _judged(
    file: Path,
) -> tuple[tuple[SiteFileProblem, ...], Site | None, tuple[SiteFileProblem, ...]]:
    """Problems, the site, and what is wrong unless the box has it already: a blanked password."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        problem = SiteFileProblem.of(
            0, str(file), N_("cannot be read ({why})"), N_("put the file there"), why=why
        )
        return (problem,), None, ()
    beside = _beside(file)
    trusted = beside.read_bytes() if beside.exists() else b""
    on_card = with_authorities(take_apart(raw, trusted), b"")
    return on_card.problems, on_card.site, with_wifi_password(on_card, {}).problems


def _beside(file: Path) -> Path:
    return file.with_name(authorities.NAME)


def _needs(site: Site, file: Path) -> tuple[Need, ...]:
    """Of the meetings in the agenda that the site would show; none where it cannot be read."""
    now = time.time()
    ca = str(_beside(file)) if site.agenda.ca == authorities.AUTHORITIES else site.agenda.ca
    try:
        feed = asyncio.run(_fetched(site.agenda.url, ca, site.network.proxy))
        found = read_agenda(
            feed, begin=now - LOOK_BACK_S, end=now + LOOK_AHEAD_S, zone=site.site.zoneinfo,
            hosts=frozenset(site.agenda.hosts),
        )  # fmt: skip
    except (FeedError, OSError, ssl.SSLError) as error:
        for locale in ("vi", "en"):
            click.echo(text(locale)(N_("The agenda cannot be read: {why}"), why=error), err=True)
        return ()
    return needs_of(found.meetings)


async def _fetched(source: str, ca: str, proxy: str) -> bytes:
    async with client(ca, proxy) as http:
        answer = await fetch(source, Mark(), http)
    return answer.body or b""
