"""``diemcau health`` in a process of its own, and the box that it tends."""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.health.boxes import RecordedBox, healthy_box
from tests.process.notify import NotifySocket

SITE = "ia-kly"
SITE_FILE = """\
[site]
id = "ia-kly"
name = "Xã Ia Kly"
[agenda]
url = "/data/agenda.ics"
[province]
broker = "mqtts://127.0.0.1:{port}"
url = "{url}"
ca = "{ca}"
[clock]
trust = "always"
"""


class Program:
    """The program in its own process; `one` is its box."""

    def __init__(self, folder: Path, port: int, authority: Path, identity: bytes) -> None:
        """`port` is the broker's, `identity` the key and certificate that it knows (PEM)."""
        self.one: RecordedBox = healthy_box(folder)
        self.run = folder / "run"
        self.run.mkdir()
        self.notify = NotifySocket(folder / "notify")
        self.process: asyncio.subprocess.Process | None = None
        self._log = folder / "health.log"
        self._site = folder / "site.toml"
        self._site.write_text(SITE_FILE.format(port=port, url="", ca=authority))
        (self.one.data / "identity.pem").write_bytes(identity)

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", "health", "--site", str(self._site),
                "--data", str(self.one.data), "--run", str(self.run), "--root", str(self.one.root),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env={"NOTIFY_SOCKET": str(self.notify.path), "PATH": "/usr/bin:/bin"},
            )  # fmt: skip

    async def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        async with asyncio.timeout(40):
            return await self.process.wait()

    def endpoint(self, **facts: Any) -> None:
        """What the endpoint writes, as fresh as can be."""
        told = {"at": time.time(), "boot_id": "b", "phase": "idle", "lamp": "off", "problems": []}
        (self.run / "endpoint.json").write_text(json.dumps(told | facts))

    def facts(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads((self.run / "health.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return told

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]
