"""Where releases are to be had: HTTPS with ranges, by an authority that only the box is told of."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "10.0.2.2"
"""This machine, as a guest of QEMU sees it."""
DEADLINE_S = 30.0


@dataclass(slots=True)
class Releases:
    """A running server: its port, and the bytes of files that it has handed out."""

    port: int = 0
    sent: int = 0

    def url(self, name: str) -> str:
        """The address of a file, for the guest."""
        return f"https://{HOST}:{self.port}/{name}"


@contextmanager
def releases(folder: Path, keys: Path) -> Iterator[Releases]:
    """Serve `folder` for the guest; who signs for the server stands in `keys`/ca.pem."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(keys / "ca.pem"))
    server_pem = keys / "server.pem"
    ca.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(server_pem))
    told = Releases()
    application = Starlette()
    application.mount("/", _counted(StaticFiles(directory=folder), told))
    settings = uvicorn.Config(
        application, host="127.0.0.1", port=0, log_level="warning", ssl_certfile=str(server_pem)
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + DEADLINE_S
    while not server.started:
        assert time.monotonic() < until, "the server of releases does not start"
        time.sleep(0.05)
    told.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)


def _counted(files: ASGIApp, told: Releases) -> ASGIApp:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            told.sent += len(message.get("body", b""))
            await send(message)

        await files(scope, receive, counting)

    return application
