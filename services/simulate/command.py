"""``diemcau simulate``: N sites against a province, for load."""

import asyncio
import contextlib
import json
import ssl
import tempfile
import time
from pathlib import Path

import click
import httpx

from appliance.base.journal import open_journal
from services.health.mqtt import Broker
from services.province.broker.beside import Beside
from services.simulate.crowd import Crowd, Weather, let_in, names
from services.simulate.life import Appointment
from services.simulate.site import Fetch, Where


@click.command("simulate")
@click.option("--sites", default=200, show_default=True, type=click.IntRange(1, 20_000))
@click.option("--province", "folder", default="province-data/broker", show_default=True,
              type=click.Path(path_type=Path),
              help="The province's broker's folder; its authority signs the sites.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="The broker's host.")
@click.option("--port", default=8883, show_default=True, help="The broker's port.")
@click.option("--seconds", default=300.0, show_default=True, help="How long they live.")
@click.option("--meeting-in", type=float,
              help="All of them have a meeting that begins in so many seconds.")  # fmt: skip
@click.option("--meeting-seconds", default=600.0, show_default=True)
@click.option("--uid", default="simulated@diemcau", show_default=True, help="That meeting's UID.")
@click.option("--rhythm", type=float, help="Seconds between health reports; else 60 and 10.")
@click.option("--lose-network", default=0.0, type=click.FloatRange(0, 1), help="A share of all.")
@click.option("--lose-power", default=0.0, type=click.FloatRange(0, 1), help="A share of all.")
@click.option("--weather-after", default=60.0, show_default=True, help="When that happens, in s.")
@click.option("--feed", default="", help="Read on each nudge: https://host/feeds/{site}.ics")
@click.option("--list", "listed", is_flag=True,
              help="Only print the sites as a sheet (CSV) that the console imports.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The account at the end, as one object.")
def simulate(
    sites: int,
    folder: Path,
    host: str,
    port: int,
    seconds: float,
    meeting_in: float | None,
    meeting_seconds: float,
    uid: str,
    rhythm: float | None,
    lose_network: float,
    lose_power: float,
    weather_after: float,
    feed: str,
    listed: bool,
    as_json: bool,
) -> None:
    """Let N made-up sites report to a province: real reporters, certificates and lines."""
    every = names(sites)
    if listed:
        click.echo("Mã,Tên")
        for site in every:
            click.echo(f"{site},Xã {site}")
        return
    open_journal("simulate")
    begin = time.time() + meeting_in if meeting_in is not None else None
    meeting = None if begin is None else Appointment(uid, begin, begin + meeting_seconds)
    weather = Weather(weather_after, lose_network, lose_power)
    choice = Beside(folder, host, port)
    with tempfile.TemporaryDirectory(prefix="diemcau-simulate-") as made:
        kept = Path(made)
        let_in(choice, every, kept, time.time())
        where = Where(Broker(host, port), choice.files.authority)
        account = asyncio.run(_live(where, every, kept, meeting, rhythm, seconds, weather, feed))
    if as_json:
        click.echo(json.dumps(account))
    else:
        for name, value in account.items():
            click.echo(f"{name:15} {value}")


async def _live(
    where: Where,
    sites: list[str],
    folder: Path,
    meeting: Appointment | None,
    rhythm: float | None,
    seconds: float,
    weather: Weather,
    feed: str,
) -> dict[str, object]:
    async with contextlib.AsyncExitStack() as stack:
        fetch: Fetch | None = None
        if feed:
            tls = ssl.create_default_context(cafile=str(where.ca))
            client = await stack.enter_async_context(httpx.AsyncClient(verify=tls, timeout=20.0))

            async def read(site: str) -> None:
                (await client.get(feed.replace("{site}", site))).raise_for_status()

            fetch = read
        crowd = Crowd(where, sites, folder, meeting=meeting, fetch=fetch, calm_s=rhythm)
        await crowd.run(seconds, weather)
        return crowd.account()
