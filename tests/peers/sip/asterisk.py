"""A real Asterisk 22 with ConfBridge on loopback: its own folder, free ports, stopped after."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.sip.asterisk_files import COUNTED, LOOPBACK, ROOM, Account, Ports, write

PEERS = Path(__file__).parents[3] / "build/peers"
START_S = 30.0
ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Counted:
    """One stream of a call that is over, in packets as Asterisk counted them."""

    kind: str
    endpoint: str
    received: int
    lost: int
    sent: int
    sent_lost: int


@dataclass(frozen=True, slots=True)
class Participant:
    """One line of ``confbridge list``."""

    endpoint: str
    muted: bool


class Asterisk:
    """A running one."""

    def __init__(
        self,
        root: Path,
        folder: Path,
        ports: Ports,
        host: str = LOOPBACK,
        accounts: Sequence[Account] = (),
        silent_s: int = 0,
    ) -> None:
        self.ports = ports
        self.log = folder / "out"
        modules = next(root.glob("usr/lib/*/asterisk/modules"))
        libraries = modules.parents[1]
        loader = next(path for path in root.glob("usr/lib*/**/ld-linux-*.so.*") if path.exists())
        self._command: tuple[str, ...] = (
            *(str(loader), "--library-path", str(libraries)),
            *(str(root / "usr/sbin/asterisk"), "-C", str(folder / "etc/asterisk.conf")),
        )
        own = (root / "usr/share/asterisk", modules)
        write(folder, ports, *own, host=host, accounts=accounts, silent_s=silent_s)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                (*self._command, "-f"), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        until = time.monotonic() + START_S
        while "fully booted" not in self.ask("core waitfullybooted"):
            if self._process.poll() is not None or time.monotonic() > until:
                said = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"Asterisk does not run: {said}")
            time.sleep(0.1)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Kill it, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ask(self, command: str) -> str:
        """A command of its console, and the answer."""
        done = subprocess.run(
            (*self._command, "-r", "-x", command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_S,
            check=False,
            env={**os.environ, "TERM": "dumb"},
        )
        return done.stdout

    def participants(self, room: int = ROOM) -> list[Participant]:
        """Who is in that conference."""
        listed = re.findall(
            r"^PJSIP/(\S+)-[0-9a-f]+\s+(?:([A-Za-z]+)\s+)?guest",
            self.ask(f"confbridge list {room}"),
            re.MULTILINE,
        )
        return [Participant(endpoint, "m" in flags) for endpoint, flags in listed]

    def counted(self) -> list[Counted]:
        """Every stream of every call that is over, in the order in which they ended."""
        found = []
        for kind, endpoint, said in re.findall(
            rf"{COUNTED} (audio|video) (\S+) (\S+)", self.log.read_text(errors="replace")
        ):
            count = dict(part.partition("=")[::2] for part in said.split(";"))
            numbers = [int(count[name]) for name in ("rxcount", "lp", "txcount", "rlp")]
            found.append(Counted(kind, endpoint, *numbers))
        return found

    def calls(self) -> int:
        """So many channels are up."""
        match = re.search(r"(\d+) active channel", self.ask("core show channels count"))
        return int(match[1]) if match else 0


def installed() -> Path | None:
    """Where tests/peers/sip/setup put it."""
    return next((path.parents[2] for path in PEERS.glob("asterisk-*/usr/sbin/asterisk")), None)


@contextlib.contextmanager
def asterisk(
    folder: Path,
    *,
    certificate: bytes = b"",
    key: bytes = b"",
    host: str = LOOPBACK,
    accounts: Sequence[Account] = (),
    silent_s: int = 0,
) -> Iterator[Asterisk]:
    """Start one; ``folder`` is empty and ours. What follows ``host`` is as for `write`."""
    root = installed()
    if root is None:
        raise RuntimeError("no Asterisk here: run `make peers`")
    (folder / "etc").mkdir()
    (folder / "etc/server.pem").write_bytes(certificate)
    (folder / "etc/server.key").write_bytes(key)
    one = Asterisk(root, folder, Ports.free(tls=bool(certificate)), host, accounts, silent_s)
    try:
        one.start()
        yield one
    finally:
        one.stop()
