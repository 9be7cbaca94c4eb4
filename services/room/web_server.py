"""The room's web server: uvicorn, with a deadline for who says nothing.

uvicorn waits for a request's head for ever: a thousand connections that say nothing take all
handles, and the room refuses sites. A WebSocket is another protocol by then, and bounded by
`connections.py`.
"""

import resource
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_TIMEOUT_S = 20.0  # twice that at most: for one request with its answer
WANTED_HANDLES = 65_536


def web_server(
    app: Starlette,
    host: str,
    port: int,
    cert: Path | None = None,
    key: Path | None = None,
    proxy: str = "",
) -> uvicorn.Server:
    """A server for `app`; `proxy` is the only peer whose ``X-Forwarded-For`` is believed."""
    raise_handle_limit()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        ssl_certfile=cert,
        ssl_keyfile=key,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=2,
        http=impatient(REQUEST_TIMEOUT_S),
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy,
    )
    return uvicorn.Server(config)


def impatient(seconds: float) -> type[H11Protocol]:
    """uvicorn's HTTP/1.1, which closes a connection whose request does not come to its end."""

    class Impatient(H11Protocol):
        _before: object = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.loop.call_later(seconds, self._look)

        def _look(self) -> None:
            transport: Any = self.transport
            if transport.is_closing() or transport.get_protocol() is not self:
                return
            if self.cycle is self._before:
                transport.abort()
                return
            self._before = self.cycle
            self.loop.call_later(seconds, self._look)

    return Impatient


def raise_handle_limit() -> None:
    """Take as many handles as this user may (systemd's default is 1,024)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_HANDLES if hard == resource.RLIM_INFINITY else min(hard, WANTED_HANDLES)
    if soft < most:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
