"""A calendar server with faults: a real HTTP server whose next answers a test writes down."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """What goes over the wire; `length` None: as long as the body, -1: not said at all."""

    body: bytes = b""
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    drip_s: float = 0.0  # between single bytes


@dataclass
class CalendarServer:
    """Answers every GET with `answer`, and remembers what was asked."""

    port: int = 0
    scheme: str = "http"
    answer: Callable[[dict[str, str]], Answer] = field(default=lambda _: Answer())
    asked: list[dict[str, str]] = field(default_factory=list)

    def url(self, path: str = "/xa.ics") -> str:
        return f"{self.scheme}://localhost:{self.port}{path}"

    def gives(self, body: bytes, *, etag: str = "", pack: bool = False, **fields: object) -> None:
        """A good server: the body under its ETag, 304 to whoever has it."""
        headers = [("Content-Type", "text/calendar"), *([("ETag", etag)] if etag else [])]
        if pack:
            body = gzip.compress(body)
            headers.append(("Content-Encoding", "gzip"))
        whole = Answer(body, headers=tuple(headers), **fields)  # type: ignore[arg-type]

        def answer(request: dict[str, str]) -> Answer:
            if etag and request.get("if-none-match") == etag:
                return Answer(status="304 Not Modified", headers=(("ETag", etag),))
            return whole

        self.answer = answer

    def says(self, answer: Answer) -> None:
        self.answer = lambda _: answer

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            request = {
                k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)
            }
            request["path"] = first.split()[1]
            self.asked.append(request)
            await self._send(writer, self.answer(request))
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # a client that has had enough
        finally:
            writer.close()

    @staticmethod
    async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
        length = len(answer.body) if answer.length is None else answer.length
        said = [] if length < 0 else [("Content-Length", str(length))]
        headers = "".join(f"{k}: {v}\r\n" for k, v in (*answer.headers, *said))
        writer.write(f"HTTP/1.1 {answer.status}\r\nConnection: close\r\n{headers}\r\n".encode())
        if not answer.drip_s:
            writer.write(answer.body)
        for byte in answer.body if answer.drip_s else b"":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(answer.drip_s)
        await writer.drain()


@asynccontextmanager
async def calendar_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[CalendarServer]:
    """One server on a free port of this machine."""
    made = CalendarServer(scheme="https" if tls else "http")
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
