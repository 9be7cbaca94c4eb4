"""A baresip that answers by itself, with a tone and a recording, in a network namespace of its own.

It refuses loopback, so it lives at the far side of a pair of virtual cables; needs root and `ip`.
"""

import contextlib
import itertools
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

START_S = 15.0
SUBNET = "198.18.77"
"""Of RFC 2544's range for tests: no net of anybody's."""

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Baresip:
    """A running one; ``near`` is our address towards it, ``kill`` ends it as a power cut does."""

    host: str
    near: str
    log: Path
    kill: Callable[[], None]

    def address(self, transport: str = "udp") -> str:
        """What to dial."""
        return f"sip:peer@{self.host};transport={transport}"

    def said(self, pattern: str) -> list[str]:
        """Everything in its log that matches, without colours."""
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.log.read_text(errors="replace"))
        return re.findall(pattern, text)


@contextlib.contextmanager
def baresip(
    folder: Path, *, sound: Path, picture: Path, encrypted: bool = False, calls: int = 8
) -> Iterator[Baresip]:
    """Start one that takes so many ``calls`` at once. ``sound`` is a WAV of 48 kHz mono,
    ``picture`` an MP4; ``folder`` is ours."""
    number = next(_numbers) % 60
    host, near = (f"{SUBNET}.{number * 4 + end}" for end in (2, 1))
    space, cable = f"diemcau{os.getpid()}x{number}", f"dc{os.getpid()}x{number}"[:15]
    log = folder / "log"
    _write(folder, host, sound, picture, encrypted=encrypted, calls=calls)
    quiet = subprocess.DEVNULL
    with _namespace(space, cable, near, host), log.open("wb") as out:
        process = subprocess.Popen(
            ("ip", "netns", "exec", space, "baresip", "-4", "-v", "-s", "-f", str(folder)),
            stdin=quiet, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            _wait(process, log)
            yield Baresip(host, near, log, process.kill)
        finally:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_S
    while "baresip is ready" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"baresip does not run: {log.read_text(errors='replace')[-1000:]}")
        time.sleep(0.05)


@contextlib.contextmanager
def _namespace(space: str, cable: str, near: str, host: str) -> Iterator[None]:
    def ip(*words: str) -> None:
        subprocess.run(("ip", *words), check=True, capture_output=True)

    ip("netns", "add", space)
    try:
        ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        ip("addr", "add", f"{near}/30", "dev", cable)
        ip("link", "set", cable, "up")
        ip("-n", space, "addr", "add", f"{host}/30", "dev", "eth0")
        ip("-n", space, "link", "set", "eth0", "up")
        ip("-n", space, "link", "set", "lo", "up")
        # It finds its own address by the way that leads out.
        ip("-n", space, "route", "add", "default", "via", near)
        yield
    finally:
        ip("netns", "del", space)
        # The cable goes with the namespace, but not at once: the next one may want the address.
        subprocess.run(("ip", "link", "del", cable), check=False, capture_output=True)


def _write(
    folder: Path, host: str, sound: Path, picture: Path, *, encrypted: bool, calls: int
) -> None:
    modules = next(Path("/usr/lib").rglob("baresip/modules/menu.so")).parent
    loads = "".join(f"module {name}.so\n" for name in MODULES.split())
    (folder / "config").write_text(
        f"""poll_method epoll
sip_listen {host}:5060
call_local_timeout 30
call_max_calls {calls}
audio_player aufile,{folder}/heard.wav
audio_source aufile,{sound}
audio_alert aufile,/dev/null
ausrc_srate 48000
auplay_srate 48000
video_source avformat,{picture}
video_display fakevideo,
video_size 640x360
video_bitrate 500000
video_fps 15
rtp_ports 31000-31199
rtcp_mux no
rtp_stats yes
module_path {modules}
{loads}module_tmp uuid.so
module_tmp account.so
module_app menu.so
"""
    )
    secured = ";mediaenc=srtp-mand" if encrypted else ""
    (folder / "accounts").write_text(
        f"<sip:peer@{host}>;regint=0;answermode=auto;audio_codecs=G722/16000/1;"
        f"video_codecs=h264{secured}\n"
    )
    (folder / "contacts").write_text("")


MODULES = "g722 g711 aufile avcodec avformat fakevideo srtp"
