"""``diemcau demo``: an evening at a commune, on this machine."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import click
import uvicorn

from appliance.base.journal import open_journal
from appliance.base.run import run_until_signal
from services.demo.app import Page
from services.demo.programs import DemoPrograms, Ports
from services.demo.province import ACCOUNT, PASSWORD
from services.demo.virtual import VirtualTv, virtual_tv
from services.province.web_server import WebServer

STOP_S = 60.0
"""Each of the four programs has `programs.STOP_S` for its own end."""

WELCOME = """
  Điểm Cầu — một buổi tối ở xã / an evening at a commune

  Thiết bị ở xã / the site's TV, button and plugs:     {page}
  Bàn điều hành của tỉnh / the province's console:     {console}
     tài khoản / account: {account}   mật khẩu / password: {password}
  Vào phòng họp / join the same meeting:               {room}
  Chủ tọa / the chair (PIN {pin}):                    {room}&chair=1

  Cuộc họp bắt đầu sau nửa phút. Ctrl-C để kết thúc.
  The meeting begins within half a minute. Ctrl-C ends it.
"""


@click.command("demo")
@click.option("--port", default=8080, show_default=True, help="Port of the page, if free.")
@click.option("--room-port", default=8188, show_default=True, help="Port of the room, if free.")
@click.option("--console-port", default=8090, show_default=True, help="Port of the console.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and data in this folder.")
def demo(port: int, room_port: int, console_port: int, keep: Path | None) -> None:
    """A province, a room, one site, and a page that shows its TV, its button and its lamp."""
    open_journal("demo")
    # Until the programs run: a TERM must not leave the virtual TV's processes behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        folder = keep or Path(tempfile.mkdtemp(prefix="diemcau-demo-"))
        folder.mkdir(parents=True, exist_ok=True)
        if keep is None:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        tv = stack.enter_context(virtual_tv())
        _window(stack, tv)
        with suppress(KeyboardInterrupt):
            ports = Ports(_free(room_port), _free(console_port), _free(8883))
            running = _run(folder, tv, _free(port), ports)
            asyncio.run(run_until_signal(running, stop_s=STOP_S))


async def _run(folder: Path, tv: VirtualTv, port: int, ports: Ports) -> None:
    url = f"http://127.0.0.1:{port}"
    page = Page(tv)
    server = WebServer(
        uvicorn.Config(
            page.app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1
        )
    )
    async with DemoPrograms(folder, tv, ports) as programs, asyncio.TaskGroup() as group:
        page.programs = programs
        group.create_task(server.serve(), name="page")
        while not server.started:
            await asyncio.sleep(0.05)
        await programs.power(True)
        welcome = WELCOME.format(
            page=url,
            room=programs.room_url,
            pin=programs.chair_pin,
            console=programs.province.url,
            account=ACCOUNT,
            password=PASSWORD,
        )
        click.echo(welcome)


def _free(port: int) -> int:
    """This port, or another where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _window(stack: ExitStack, tv: VirtualTv) -> None:
    """On a machine with a display the TV is also a window there."""
    player = shutil.which("ffplay")
    if not os.environ.get("DISPLAY") or player is None:
        return
    window = subprocess.Popen(
        [player, "-loglevel", "quiet", "-window_title", "Điểm Cầu: TV", "-f", "x11grab",
         "-framerate", "30", "-i", tv.display],
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    stack.callback(window.wait, 5)
    stack.callback(window.send_signal, signal.SIGTERM)
