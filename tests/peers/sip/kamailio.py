"""A real Kamailio that stands between a site and a conference system, as a province's proxy does.

It takes calls by TCP and TLS, passes them on by UDP (an Asterisk ends the calls of a TCP connection
that it loses), and stays on the way of every request by Record-Route. Its own folder, free ports,
stopped after.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.peers.sip.asterisk_files import Ports

START_S = 20.0
PROGRAM = "/usr/sbin/kamailio"


@dataclass
class Kamailio:
    """One that passes calls on to ``behind`` at loopback; `start` again where it was before."""

    folder: Path
    behind: int
    ports: Ports
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = (
            *(PROGRAM, "-DD", "-E", "-f", str(self.folder / "kamailio.cfg")),
            *("-Y", str(self.folder), "-P", str(self.folder / "pid"), "-m", "32", "-M", "4"),
        )
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        until = time.monotonic() + START_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until:
                said = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"Kamailio does not run: {said}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill it and its children, as a power cut does; the kernel closes its connections."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "log"

    def address(self, number: int | str, transport: str) -> str:
        """What to dial."""
        port = self.ports.tls if transport == "tls" else self.ports.sip
        return f"sip:{number}@127.0.0.1:{port};transport={transport}"

    def _listens(self) -> bool:
        for port in (self.ports.sip, self.ports.tls):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True


@contextlib.contextmanager
def kamailio(folder: Path, behind: int, *, certificate: bytes, key: bytes) -> Iterator[Kamailio]:
    """Start one before the SIP port ``behind``; ``folder`` is empty and ours."""
    (folder / "server.pem").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    one = Kamailio(folder, behind, Ports.free(tls=True))
    modules = next(Path("/usr/lib").glob("*/kamailio/modules"))
    (folder / "kamailio.cfg").write_text(
        CONFIG.format(folder=folder, modules=modules, behind=behind, ports=one.ports)
    )
    try:
        one.start()
        yield one
    finally:
        one.stop()


CONFIG = """#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=2
enable_tls=yes
auto_aliases=no
dns=no
rev_dns=no
tcp_connection_lifetime=600
listen=udp:127.0.0.1:{ports.sip}
listen=tcp:127.0.0.1:{ports.sip}
listen=tls:127.0.0.1:{ports.tls}
mpath="{modules}/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "tls.so"
modparam("rr", "enable_double_rr", 1)
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "{folder}/server.pem")
modparam("tls", "private_key", "{folder}/server.key")

request_route {{
    if (!mf_process_maxfwd_header("10")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}
    if (has_totag()) {{
        if (loose_route() || (method == "ACK" && t_check_trans())) {{
            t_relay();
        }} else if (method != "ACK") {{
            sl_send_reply("404", "Not here");
        }}
        exit;
    }}
    if (method == "CANCEL") {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    t_check_trans();
    if (method == "INVITE") record_route();
    $du = "sip:127.0.0.1:{behind};transport=udp";
    t_relay();
}}
"""
