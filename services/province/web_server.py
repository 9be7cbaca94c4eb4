"""Serves the console as one part of a program: ended by a cancellation, as every other part is."""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from appliance.base.tasks import cancel_and_wait, raise_if_cancelled
from services.province.connections import Connections

log = logging.getLogger("diemcau.province.web")

CERTIFICATE_POLL_S = 10.0
"""Between two looks at the certificate's files: another program may have renewed it."""
SOON_S = 14 * 86_400.0
"""A certificate that ends within this is told of in the log, once a day."""


class ListenError(Exception):
    """The server's address cannot be had; says which and why."""


class WebServer(uvicorn.Server):
    """uvicorn without its own signal handlers, which would race `appliance.base.run`'s.

    A cancellation ends `serve` in order: no new connection is taken, those that there are have
    ``timeout_graceful_shutdown`` seconds. uvicorn itself would drop them in the middle of a page.
    A certificate that is renewed on the disk is taken up without a restart.
    """

    def __init__(
        self, config: uvicorn.Config, connections: Connections | None = None, *, proxy: str = ""
    ) -> None:
        """`proxy` names those whose X-Forwarded-For is believed, as uvicorn has them."""
        super().__init__(config)
        self._connections = connections or Connections()
        self.certificate_poll_s = CERTIFICATE_POLL_S
        # Here and not by uvicorn: a connection is counted by its own address, outside of that.
        config.proxy_headers = False
        app: Any = ProxyHeadersMiddleware(config.app, proxy) if proxy else config.app  # type: ignore[arg-type]
        config.app = self._connections.counted(app)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until cancelled; raises `ListenError` where the port is taken."""
        host, port = self.config.host, self.config.port
        try:
            listening = sockets or await asyncio.to_thread(self._connections.listen, host, port)
        except OSError as error:
            raise ListenError(
                f"{error.strerror or error} while attempting to bind on {host}:{port};"
                " choose another port, or end who has it"
            ) from error
        await super().serve(listening)
        raise_if_cancelled()

    async def main_loop(self) -> None:
        """Until cancelled; what follows in `serve` is the end in order."""
        beside = [
            asyncio.create_task(self._connections.keep(), name="connections"),
            asyncio.create_task(self._take_renewed(), name="web server's certificate"),
        ]
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await super().main_loop()
        finally:
            await cancel_and_wait(*beside)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield

    async def _take_renewed(self) -> None:
        if self.config.ssl is None or self.config.ssl_certfile is None:
            return
        certificate = Path(self.config.ssl_certfile)
        key = Path(self.config.ssl_keyfile or certificate)
        taken, refused = _stamp(certificate, key), _stamp()
        warned_at = float("-inf")
        while True:
            if time.monotonic() - warned_at > 86_400.0:
                warned_at = time.monotonic()
                _warn_of_end(certificate)
            await asyncio.sleep(self.certificate_poll_s)
            found = _stamp(certificate, key)
            if found in (taken, refused):
                continue
            try:
                # First into a context of its own: one that does not fit would spoil the other.
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
                self.config.ssl.load_cert_chain(certificate, key)
            except OSError as error:
                refused = found
                log.error("the certificate %s is not taken: %s", certificate, error)  # noqa: TRY400
            else:
                taken = found
                log.info("the certificate %s was renewed and is taken", certificate)


def _stamp(*files: Path) -> tuple[int, ...]:
    """Another value after each change; 0 for a file that is away for the moment."""
    return tuple(_changed_at(file) for file in files)


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _warn_of_end(certificate: Path) -> None:
    try:
        end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return
    if end.timestamp() - time.time() < SOON_S:
        log.warning("the web server's certificate %s ends on %s; renew it", certificate, end.date())
