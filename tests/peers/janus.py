"""A real Janus 1.x with VideoRoom on loopback: its own folder, a free port, stopped after."""

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import connect

ROOT = Path(__file__).parents[2] / "build/peers/janus-root"
SECRET = "chair-secret"
ROOM, PIN_ROOM, FULL_ROOM = 1234, 4321, 1
PIN = "2468"
START_S = 20.0


@dataclass(frozen=True, slots=True)
class Installation:
    """Where a Janus is, and how it is started."""

    command: tuple[str, ...]
    libraries: str
    inside: Path | None = None  # the root that it runs in; its files lie there too


def installed() -> Installation | None:
    """The system's Janus, or the one that tests/peers/setup put beside."""
    found = shutil.which("janus")
    for base, command, inside in (
        (Path("/"), (found,) if found else (), None),
        (ROOT, ("chroot", str(ROOT), "/usr/bin/janus"), ROOT),
    ):
        if command and (base / "usr/bin/janus").exists():
            libraries = next(iter(base.glob("usr/lib/*/janus")), None)
            if libraries is not None:
                return Installation(command, f"/{libraries.relative_to(base)}", inside)
    return None


@dataclass(slots=True)
class Janus:
    """``url`` is the WebSocket's."""

    process: asyncio.subprocess.Process
    port: int

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def kill(self) -> None:
        """As a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def janus(folder: Path, *, port: int = 0, reclaim_s: int = 20) -> AsyncIterator[Janus]:
    """Start one; ``folder`` is empty and ours. The rooms are those named above."""
    installation = installed()
    if installation is None:
        raise RuntimeError("no Janus here: run `make peers`")
    port = port or _free_port()
    config = folder
    if installation.inside is not None:
        config = installation.inside / "tmp" / f"diemcau-{os.getpid()}-{port}"
    _configure(config, port, installation.libraries, reclaim_s)
    seen = config if installation.inside is None else Path("/", config.relative_to(installation.inside))
    process = await asyncio.create_subprocess_exec(
        *installation.command,
        "--configs-folder",
        str(seen),
        "--disable-colors",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    one = Janus(process, port)
    try:
        await _answers(one)
        yield one
    finally:
        await one.kill()
        if installation.inside is not None:
            shutil.rmtree(config, ignore_errors=True)


async def _answers(one: Janus) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                async with connect(one.url, subprotocols=["janus-protocol"], proxy=None):  # type: ignore[list-item]
                    return
            except OSError:
                if one.process.returncode is not None:
                    raise RuntimeError("Janus ended at once; start it by hand to see why") from None
                await asyncio.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _configure(folder: Path, port: int, libraries: str, reclaim_s: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "janus.jcfg").write_text(
        f"""general: {{
    configs_folder = "{folder.name}"
    plugins_folder = "{libraries}/plugins"
    transports_folder = "{libraries}/transports"
    events_folder = "{libraries}/events"
    loggers_folder = "{libraries}/loggers"
    debug_level = 3
    interface = "127.0.0.1"
    reclaim_session_timeout = {reclaim_s}
    server_name = "test"
}}
media: {{ ipv6 = false }}
nat: {{ ice_enforce_list = "lo" }}
plugins: {{ disable = "libjanus_sip.so,libjanus_audiobridge.so,libjanus_duktape.so,libjanus_lua.so,libjanus_echotest.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }}
transports: {{ disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_nanomsg.so" }}
"""
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f"""general: {{ json = "compact"; ws = true; ws_port = {port}; ws_ip = "127.0.0.1" }}
admin: {{ admin_ws = false }}
"""
    )
    rooms = (
        _room(ROOM, 20, ""),
        _room(PIN_ROOM, 20, f'pin = "{PIN}"'),
        _room(FULL_ROOM, 1, ""),
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n" + "".join(rooms))


def _room(number: int, publishers: int, more: str) -> str:
    return f"""room-{number}: {{
    description = "test"
    secret = "{SECRET}"
    publishers = {publishers}
    bitrate = 1500000
    audiocodec = "opus"
    videocodec = "h264"
    {more}
}}
"""
