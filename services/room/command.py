"""``diemcau room``: a meeting room on this machine."""

import asyncio
import logging
import secrets
from pathlib import Path

import click

from appliance.base.journal import open_journal
from services.room.app import Room
from services.room.settings import RoomSettings
from services.room.web_server import web_server

log = logging.getLogger("diemcau.room")


@click.command("room")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8188, show_default=True, help="Port; 0 takes a free one.")
@click.option("--room", "number", default=1234, show_default=True, help="Number of the room.")
@click.option("--description", default="Điểm Cầu", show_default=True, help="Name of the room.")
@click.option("--pin", default="", help="PIN that everybody must give; none by default.")
@click.option("--chair-pin", default=None, help="PIN of the chair; one is made up by default.")
@click.option("--publishers", default=12, show_default=True, help="How many may send.")
@click.option("--bitrate", default=1_500_000, show_default=True, help="bit/s of one picture.")
@click.option("--cert", type=click.Path(exists=True, path_type=Path), help="Certificate for HTTPS.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="Its private key.")
@click.option("--proxy", default="", help="Address whose X-Forwarded-For is believed.")
def room(
    host: str,
    port: int,
    number: int,
    description: str,
    pin: str,
    chair_pin: str | None,
    publishers: int,
    bitrate: int,
    cert: Path | None,
    key: Path | None,
    proxy: str,
) -> None:
    """Serve a meeting room: a page for browsers, and Janus's VideoRoom protocol for sites.

    Browsers allow a camera on a plain page only when the address is this machine's own; for other
    machines give --cert and --key.
    """
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key go together.")
    open_journal("room")
    chair_pin = chair_pin if chair_pin is not None else f"{secrets.randbelow(10**6):06d}"
    settings = RoomSettings(number, description, pin, chair_pin, publishers, bitrate)
    server = web_server(Room([settings]).app, host, port, cert, key, proxy)
    scheme = "https" if cert else "http"
    click.echo(f"{scheme}://{host}:{port}/?room={number}", err=True)
    click.echo(f"{scheme}://{host}:{port}/?room={number}&chair=1  PIN {chair_pin}", err=True)
    # uvicorn's own signal handling ends all that there is: the room is nothing but its server.
    asyncio.run(server.serve())
