"""The two servers, each with a room for all."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.peers.janus import LARGE_ROOM, janus
from tests.peers.sip.asterisk import asterisk
from tests.peers.sip.asterisk_files import MIRROR, OPEN
from tests.process.ports import free_port

KINDS = ("janus", "asterisk")
SILENT_S = 10
"""A call without power is over for Asterisk then. Without it the picture that the room shows stays
that of a site that is dark, and all who come back wait for it in vain."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the sites call, and what it costs."""

    address: str
    user: str
    process: psutil.Process
    rare_sound: bool
    """Opus may be left out where nobody speaks; who mixes wants each packet."""


@contextlib.contextmanager
def server(kind: str, folder: Path) -> Iterator[Server]:
    """It runs inside the context, no more polite to others than they are."""
    folder.mkdir()
    if kind == "janus":
        port = free_port()
        with janus(folder, port) as process:
            address = f"janus+ws://127.0.0.1:{port}?room={LARGE_ROOM}"
            yield Server(address, "", psutil.Process(process.pid), rare_sound=True)
        return
    with asterisk(folder, silent_s=SILENT_S) as far:
        address = f"sip:{MIRROR}@127.0.0.1:{far.ports.sip};transport=tcp"
        yield Server(address, OPEN, psutil.Process(far.pid), rare_sound=False)


def cpu_s(process: psutil.Process) -> float:
    """Seconds of processor that it has had so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def udp_packets(process: psutil.Process) -> int:
    """Datagrams that all programs of its network have received (proc(5), ``net/snmp``).

    On a loopback each is one that somebody here has sent, so it counts the server's both ways.
    """
    told = Path(f"/proc/{process.pid}/net/snmp").read_text()
    return int(re.findall(r"^Udp: (\d+)", told, re.MULTILINE)[0])


def cores() -> int:
    """Of this machine."""
    return os.cpu_count() or 1
