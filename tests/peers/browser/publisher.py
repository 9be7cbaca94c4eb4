"""A real Chromium or Firefox that publishes its false camera and microphone into Janus rooms.

Neither is driven: it opens one page (publish.html), and the page asks this process what to do. So
Debian's own Firefox will do, which no tool of the tests can drive.
"""

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("publish.html")
CHROMIUM = (
    "chromium --headless=new --no-sandbox --disable-gpu --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-quic "
    "--use-fake-ui-for-media-stream --use-fake-device-for-media-stream "
    "--autoplay-policy=no-user-gesture-required"
)
PREFERENCES = {
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
READY_S = 60.0  # a browser's first start on a busy machine


@dataclass
class BrowserPublisher:
    """Tells the page what to do, and takes what it says."""

    job: dict[str, Any] = field(default_factory=lambda: {"number": 0})
    said: "queue.Queue[str]" = field(default_factory=queue.Queue)

    def publish(self, port: int, room: int, codec: str, parameters: str = "") -> str:
        """Enter a room as "browser" with that codec (`parameters` is in its fmtp); "published", or
        what the browser says instead."""
        while not self.said.empty():
            self.said.get()
        number = self.job["number"] + 1
        name = {"name": "browser", "codec": codec, "parameters": parameters}
        self.job = {"number": number, "port": port, "room": room, **name}
        return self.said.get(timeout=READY_S)

    def leave(self) -> None:
        """Leave the room."""
        self.job = {"number": self.job["number"] + 1}


@contextlib.contextmanager
def browser_publisher(kind: str, folder: Path) -> Iterator[BrowserPublisher]:
    """Start "chromium" or "firefox" with an empty profile in ``folder``."""
    publisher = BrowserPublisher()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.read_bytes()
            if self.path == "/job":
                body = json.dumps(publisher.job).encode()
            self._answer(body, "application/json" if self.path == "/job" else "text/html")

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            publisher.said.put(self.rfile.read(length).decode())
            self._answer(b"", "text/plain")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the browser is killed in mid-request
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen([*_command(kind, folder), address], stdout=log, stderr=log)
        try:
            yield publisher
        finally:
            process.kill()
            process.wait()
            server.shutdown()


def _command(kind: str, folder: Path) -> list[str]:
    profile = folder / "profile"
    profile.mkdir()
    if kind == "chromium":
        return [*CHROMIUM.split(), f"--user-data-dir={profile}"]
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    return ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile)]
