"""The two that are compared, started on a television: the endpoint, and Chromium as a kiosk."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

from services.demo.virtual import VirtualTv
from tests.benchmark.content import BITRATE, Clip
from tests.one_meeting import agenda

UNIT = Path(__file__).parents[2] / "services/endpoint/diemcau-endpoint.service"
KIOSK = Path(__file__).with_name("kiosk.html")
IDLE_BEFORE_MEETING_S = 8
"""From the endpoint's start to its meeting: idle before it, as a site is all day."""
STOP_TIMEOUT_S = 8.0


@contextmanager
def endpoint(
    folder: Path, tv: VirtualTv, clip: Clip, address: str, *, coded: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """The whole endpoint, with a meeting that begins in some seconds."""
    (folder / "agenda.ics").write_bytes(
        agenda(
            address,
            datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=IDLE_BEFORE_MEETING_S),
        )
    )
    camera = clip.coded if coded else clip.raw
    (folder / "site.toml").write_text(f"""\
[site]
id = "ia-kly"
name = "Xã Ia Kly"
[agenda]
url = "file:{folder / "agenda.ics"}"
[camera]
source = "file:{camera}"
width = {clip.size.width}
height = {clip.size.height}
passthrough = {str(coded).lower()}
[microphone]
source = "lavfi:sine=frequency=440"
[call]
bitrate = {BITRATE}
[clock]
trust = "always"
""")
    command = [
        sys.executable, "-m", "services.command", "endpoint", "--site", str(folder / "site.toml"),
        "--data", str(folder / "data"), "--run", str(folder / "run"),
    ]  # fmt: skip
    with _program(command, folder / "endpoint.log", tv, unit_memory(UNIT.read_text())) as process:
        yield process


@contextmanager
def kiosk(
    folder: Path, tv: VirtualTv, clip: Clip, server: str, room: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Chromium with one page that fills the screen and joins as soon as its camera is open."""
    words = {
        "server": server, "room": room, "width": clip.size.width, "height": clip.size.height,
    }  # fmt: skip
    command = [
        shutil.which("chromium") or "chromium", "--kiosk", "--no-first-run", "--noerrdialogs",
        "--disable-infobars", "--disable-component-update", "--disable-background-networking",
        "--password-store=basic", "--disable-gpu", "--window-position=0,0",
        f"--window-size={tv.screen.width},{tv.screen.height}",
        f"--user-data-dir={folder / 'profile'}",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={clip.raw}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        f"{KIOSK.as_uri()}?{urlencode(words)}",
    ]  # fmt: skip
    with _program(command, folder / "chromium.log", tv) as process:
        yield process


def unit_memory(unit: str) -> dict[str, str]:
    """What a unit says about memory: the endpoint is measured as it runs on the box."""
    lines = [line.strip().removeprefix("Environment=") for line in unit.splitlines()]
    pairs = [line.partition("=") for line in lines if line.startswith("MALLOC_")]
    return {name: value for name, _, value in pairs}


@contextmanager
def _program(
    command: list[str], log: Path, tv: VirtualTv, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            env=tv.environment | dict(more), start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_TIMEOUT_S)
        time.sleep(0.2)  # its children may still write to the folder that goes next
