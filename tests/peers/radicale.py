"""Radicale, a CalDAV server, over TLS with an account and an empty calendar of its own."""

import contextlib
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trustme
from caldav.davclient import DAVClient

from tests.process.ports import free_port

USER, PASSWORD = "van", "mật khẩu lịch"
START_S = 60.0
CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
ssl = True
certificate = {folder}/server.pem
key = {folder}/server.pem
[auth]
type = htpasswd
htpasswd_filename = {folder}/accounts
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""


@dataclass(frozen=True, slots=True)
class Radicale:
    """A running server; ``ca`` is the file with its authority."""

    url: str
    ca: Path

    @contextlib.contextmanager
    def calendar(self, name: str) -> Iterator[Any]:
        """A new calendar, as the client library has it; its ``url`` is its address."""
        client: Any = DAVClient(
            url=f"{self.url}/{USER}/", username=USER, password=PASSWORD,
            ssl_verify_cert=str(self.ca), timeout=60, enable_rfc6764=False,
        )  # fmt: skip
        with client:
            yield client.principal().make_calendar(name=name, cal_id=name)


@contextlib.contextmanager
def radicale() -> Iterator[Radicale]:
    """Start one; a free port may be another's by the time that it has started, so it is asked."""
    with tempfile.TemporaryDirectory(prefix="diemcau-radicale-") as made:
        folder = Path(made)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        host = authority.issue_cert("localhost")
        host.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        (folder / "accounts").write_text(f"{USER}:{PASSWORD}\n")
        for last in (False, False, True):
            port = free_port()
            (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "radicale", "--config", folder / "config"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
            try:
                url = f"https://localhost:{port}"
                if _answers(url, folder / "ca.pem", process):
                    yield Radicale(url, folder / "ca.pem")
                    return
                assert not last, f"Radicale does not run: {(folder / 'log').read_text()}"
            finally:
                process.terminate()
                process.wait(30)


def _answers(url: str, ca: Path, process: subprocess.Popen[bytes]) -> bool:
    trusted = ssl.create_default_context(cafile=ca)
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            return httpx.get(url, verify=trusted, trust_env=False, timeout=10.0).status_code < 500
        except httpx.TransportError:
            time.sleep(0.05)
    return False
