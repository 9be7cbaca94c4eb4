"""``diemcau simulate``: N sites against a province, for load."""

import asyncio
import contextlib
import json
import signal
import tempfile
import time
from pathlib import Path

import click
import httpx

from appliance.base.journal import open_journal
from appliance.base.mqtt import BrokerAddress
from appliance.base.run import run_until_signal
from services.province.broker.local_broker import LocalBroker
from services.simulate.behaviour import SimulatedMeeting
from services.simulate.feed import client, feeds
from services.simulate.fleet import Outage, SimulatedFleet, issue_certificates, names
from services.simulate.site import BrokerAccess
from services.simulate.tally import EventLog

STOP_S = 120.0
"""Reports are sent first (`fleet.DRAIN_TIMEOUT_S`), and each site disconnects in order."""


@click.command("simulate")
@click.option("--sites", default=200, show_default=True, type=click.IntRange(1, 20_000))
@click.option("--province", "folder", default="province-data/broker", show_default=True,
              type=click.Path(path_type=Path),
              help="The province's broker's folder; its authority signs the sites.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="The broker's host.")
@click.option("--port", default=8883, show_default=True, help="The broker's port.")
@click.option(
    "--seconds",
    default=300.0,
    show_default=True,
    help="How long they report; at the signal TERM they disconnect at once.",
)
@click.option("--meeting-in", type=float,
              help="All of them have a meeting that begins in so many seconds.")  # fmt: skip
@click.option("--meeting-seconds", default=600.0, show_default=True)
@click.option("--uid", default="simulated@diemcau", show_default=True, help="That meeting's UID.")
@click.option("--interval", type=float, help="Seconds between health reports; else 60 and 10.")
@click.option("--lose-network", default=0.0, type=click.FloatRange(0, 1), help="A share of all.")
@click.option("--lose-power", default=0.0, type=click.FloatRange(0, 1), help="A share of all.")
@click.option("--lose-after", default=60.0, show_default=True,
              help="When that happens, in s; at the signal USR1 in any case.")  # fmt: skip
@click.option("--site-files", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The console's archive: each site follows its own file's agenda.")  # fmt: skip
@click.option("--events", type=click.Path(dir_okay=False, path_type=Path),
              help="A line of JSON for each thing that a site does.")  # fmt: skip
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
    interval: float | None,
    lose_network: float,
    lose_power: float,
    lose_after: float,
    site_files: Path | None,
    events: Path | None,
    listed: bool,
    as_json: bool,
) -> None:
    """Let N simulated sites report to a province: real reporters, certificates and connections."""
    every = names(sites)
    if listed:
        click.echo("Mã,Tên điểm cầu,Đơn vị")
        for number, site in enumerate(every):
            click.echo(f"{site},Xã {site},Tỉnh mô phỏng/Cụm {number // 20 + 1}/Xã {site}")
        return
    open_journal("simulate")
    begin = time.time() + meeting_in if meeting_in is not None else None
    meeting = None if begin is None else SimulatedMeeting(uid, begin, begin + meeting_seconds)
    outage = Outage(lose_after, lose_network, lose_power)
    broker = LocalBroker(folder, host, port)
    with contextlib.ExitStack() as stack:
        kept = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="diemcau-simulate-")))
        out = None if events is None else stack.enter_context(events.open("w", buffering=1))
        issue_certificates(broker, every, kept, time.time())
        http = client(broker.files.authority)
        agendas = {} if site_files is None else feeds(site_files, every, http)
        access = BrokerAccess(BrokerAddress(host, port), broker.files.authority)
        fleet = SimulatedFleet(
            access,
            every,
            kept,
            meeting=meeting,
            feeds=agendas,
            interval_s=interval,
            event_log=EventLog(out),
        )
        running = _run(fleet, seconds, outage, http)
        asyncio.run(run_until_signal(running, stop_s=STOP_S))
    account = fleet.account()
    if as_json:
        click.echo(json.dumps(account))
    else:
        for name, value in account.items():
            click.echo(f"{name:15} {value}")


async def _run(
    fleet: SimulatedFleet, seconds: float, outage: Outage, http: httpx.AsyncClient
) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, fleet.lose_now.set)
    async with http:
        await fleet.run(seconds, outage)
