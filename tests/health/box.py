"""A box without a certificate, as a process, and the address where it asks for one."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.routing import Route

from appliance.base.tasks import cancel_and_wait
from services.health.credentials import Pair, private_pem
from services.province.broker.local_broker import LocalBroker
from tests.health.boxes import healthy_box
from tests.health.process import SITE, SITE_FILE
from tests.process.ports import free_port
from tests.process.waiting import until


class Box:
    """``diemcau health`` on a Pi in good health."""

    def __init__(
        self,
        folder: Path,
        choice: LocalBroker,
        url: str,
        environment: Mapping[str, str] | None = None,
        site: str = SITE,
    ) -> None:
        folder.mkdir()
        self._folder = folder
        self.name = site
        self._recorded = healthy_box(folder)
        self._environment = environment
        text = SITE_FILE.format(port=choice.port, url=url, ca=choice.files.authority)
        text = text.replace(SITE, site)
        (folder / "site.toml").write_text(text)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Switch it on."""
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.command", "health",
                "--site", str(self._folder / "site.toml"), "--data", str(self._recorded.data),
                "--run", str(self._folder / "run"), "--root", str(self._recorded.root),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env=self._environment,
            )  # fmt: skip

    async def end(self) -> None:
        """Switch it off with a word."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        async with asyncio.timeout(40):
            await self._process.wait()

    def facts(self) -> dict[str, Any]:
        """What it tells its neighbours."""
        try:
            told: dict[str, Any] = json.loads((self._folder / "run/health.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return told

    @property
    def connections(self) -> int:
        """How often it has been let in by the broker."""
        return (self._folder / "log").read_text(errors="replace").count("connected, session")

    def said(self) -> str:
        """The last of its journal."""
        return (self._folder / "log").read_text(errors="replace")[-3000:]


@asynccontextmanager
async def https(choice: LocalBroker, folder: Path, routes: Sequence[Route]) -> AsyncIterator[str]:
    """A TLS server with these routes and a certificate of the broker's authority; its address."""
    authority, key = choice.authority(time.time()), ec.generate_private_key(ec.SECP256R1())
    certificate = authority.server(key.public_key(), ["127.0.0.1"], time.time())
    (folder / "web-key.pem").write_bytes(private_pem(key))
    (folder / "web.pem").write_bytes(Pair(key, certificate).pem)
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=routes),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            ssl_keyfile=folder / "web-key.pem",
            ssl_certfile=str(folder / "web.pem"),
        )
    )
    task = asyncio.create_task(server.serve(), name="https")
    try:
        await until("the server is up", lambda: server.started)
        yield f"https://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=30)
        await cancel_and_wait(task)
