"""A real Janus 1.x with VideoRoom on loopback: its own folder, a free port, stopped after."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2] / "build/peers/janus-root"
SECRET = "chair-secret"
ROOM, PIN_ROOM, FULL_ROOM, SHORT_ROOM = 1234, 4321, 1, 99
PIN = "2468"
VP8_ROOM, VP8_FIRST_ROOM, VP9_ROOM, AV1_ROOM, PCMU_ROOM, PCMA_ROOM = 8, 86, 9, 10, 80, 81
STRANGE_ROOM, ANY_ROOM, PRIVATE_ROOM, MAIN_ROOM, LARGE_ROOM = 90, 91, 92, 77, 500
START_S = 20.0
OTHER_PLUGINS = (
    "sip audiobridge duktape lua echotest nosip recordplay streaming textroom videocall voicemail"
)
OTHER_TRANSPORTS = "http mqtt pfunix rabbitmq nanomsg"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where a Janus is, and how it is started."""

    command: tuple[str, ...]
    modules: Path


def installed(*, apart: bool = False) -> Installation | None:
    """The system's Janus, or (alone when ``apart``) the one that tests/peers/setup put beside."""
    if not apart and (found := shutil.which("janus")):
        modules = next(Path("/usr/lib").glob("*/janus"), None)
        if modules is not None:
            return Installation((found,), modules)
    modules = next(ROOT.glob("usr/lib/*/janus"), None)
    if modules is None:
        return None
    # Run by its own Debian's loader with its own libraries: no root, no chroot.
    # (lib64's name for it is a link to the machine's own, which goes with other libraries.)
    loader = next(path for path in ROOT.glob("lib/*/ld-linux-*") if path.exists())
    libraries = f"{modules.parent}:{ROOT}/lib/{modules.parent.name}"
    command = (str(loader), "--library-path", libraries, str(ROOT / "usr/bin/janus"))
    return Installation(command, modules)


@contextlib.contextmanager
def server(command: tuple[str, ...], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, once it listens; killed after."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        until = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command} does not run: {process.poll()}") from None
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def janus(
    folder: Path, port: int, *, apart: bool = False, string_ids: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Start one; ``folder`` is empty and ours. The rooms are those named above; with
    ``string_ids`` its numbers are texts."""
    installation = installed(apart=apart)
    if installation is None:
        raise RuntimeError("no Janus here: run `make peers`")
    _configure(folder, port, installation.modules, string_ids)
    command = (*installation.command, "--configs-folder", str(folder), "--disable-colors")
    with server(command, port) as process:
        yield process


def _configure(folder: Path, port: int, modules: Path, string_ids: bool) -> None:
    plugins = ",".join(f"libjanus_{name}.so" for name in OTHER_PLUGINS.split())
    transports = ",".join(f"libjanus_{name}.so" for name in OTHER_TRANSPORTS.split())
    (folder / "janus.jcfg").write_text(
        f"""general: {{
    configs_folder = "{folder}"
    plugins_folder = "{modules}/plugins"
    transports_folder = "{modules}/transports"
    events_folder = "{modules}/events"
    loggers_folder = "{modules}/loggers"
    debug_level = 3
    reclaim_session_timeout = 20
    server_name = "test"
}}
media: {{ ipv6 = false }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
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
        _room(SHORT_ROOM, 20, ""),
        _room(VP8_ROOM, 20, "", video="vp8"),
        _room(VP8_FIRST_ROOM, 20, "", video="vp8,h264"),
        _room(VP9_ROOM, 20, "", video="vp9"),
        _room(AV1_ROOM, 20, "", video="av1"),
        _room(PCMU_ROOM, 20, "", audio="pcmu"),
        _room(PCMA_ROOM, 20, "", audio="pcma"),
        _room(STRANGE_ROOM, 20, "", audio="isac16", video="vp9"),
        _room(ANY_ROOM, 20, "", audio="opus,pcmu", video="h264,vp8,vp9,av1"),
        _room(PRIVATE_ROOM, 20, "require_pvtid = true"),
        _room(LARGE_ROOM, 500, ""),
        _room(MAIN_ROOM, 20, 'h264_profile = "4d001f"'),
    )
    general = f"general: {{ string_ids = {str(string_ids).lower()} }}\n"
    (folder / "janus.plugin.videoroom.jcfg").write_text(general + "".join(rooms))


def _room(
    number: int, publishers: int, more: str, *, audio: str = "opus", video: str = "h264"
) -> str:
    return f"""room-{number}: {{
    description = "test"
    secret = "{SECRET}"
    publishers = {publishers}
    bitrate = 1500000
    audiocodec = "{audio}"
    videocodec = "{video}"
    videoorient_ext = true
    {more}
}}
"""
