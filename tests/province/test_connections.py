"""Connections that say nothing, or a letter at a time, shut nobody out: with real sockets."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from appliance.base.tasks import cancel_and_wait
from appliance.wire.enrolment import ENROL
from services.health.credentials import Pair, private_pem
from services.province.ca.authority import Authority
from services.province.connections import (
    MAX_ACCEPTS_IN_A_ROW,
    Connections,
    connections_allowed,
    raise_handle_limit,
)
from services.province.web_server import ListenError, WebServer
from tests.process.ports import free_port
from tests.process.waiting import until, until_told
from tests.province.program import a_province

pytestmark = [pytest.mark.case("K12"), pytest.mark.timeout(300)]
IDLE_BYTES = 160 * 1024
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def _page(request: Request) -> PlainTextResponse:
    await request.body()
    return PlainTextResponse(request.client.host if request.client else "")


async def _stream(_request: Request) -> StreamingResponse:
    async def ticks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b": tick\n\n"
            await asyncio.sleep(0.1)

    return StreamingResponse(ticks())


class Server:
    """A web server with bounds of a test, and clients of it from any loopback address."""

    def __init__(self, folder: Path, connections: Connections, *, proxy: str = "") -> None:
        self.port = free_port()
        self.folder = folder
        routes = [Route("/", _page, methods=["GET", "POST"]), Route("/stream", _stream)]
        config = uvicorn.Config(
            Starlette(routes=routes), port=self.port, log_level="warning",
            timeout_graceful_shutdown=1, timeout_keep_alive=60,
            ssl_certfile=folder / "web.pem" if (folder / "web.pem").exists() else None,
        )  # fmt: skip
        self.web = WebServer(config, connections, proxy=proxy)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        task = asyncio.create_task(self.web.serve())
        try:
            await until("it is up", lambda: self.web.started)
            yield self
        finally:
            await cancel_and_wait(task)

    async def connect(self, source: str = "127.0.0.1") -> "Client":
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(source, 0)
        )
        return Client(reader, writer)

    async def answers(self, source: str = "127.0.0.1", **heads: str) -> str:
        transport = httpx.AsyncHTTPTransport(local_address=source, verify=False)
        scheme = "https" if self.web.config.ssl else "http"
        async with httpx.AsyncClient(transport=transport, timeout=20, trust_env=False) as http:
            answer = await http.get(f"{scheme}://127.0.0.1:{self.port}/", headers=heads)
        return answer.raise_for_status().text


class Client:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def closed_within(self, seconds: float, dribble: bytes = b"") -> bool:
        """Whether the server closes it, though a byte of `dribble` goes out ever again."""
        end = time.monotonic() + seconds
        letters = iter(dribble)
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    if not await self.reader.read(65_536):
                        return True
            with contextlib.suppress(StopIteration, OSError):
                self.writer.write(bytes([next(letters)]))
        return False


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "dribble"),
    [
        (b"", b""),  # nothing at all
        (b"GET / HT", b""),  # half a line
        (b"", b"G" * 200),  # a line without an end
        (REQUEST[:-2], b"X-Much: 1\r\n" * 20),  # heads without an end
        (REQUEST, b""),  # answered, and then nothing
        (REQUEST + b"GET / H", b"T" * 200),  # answered, and then a letter at a time
        (HEAD, b""),  # a body that does not come
        (HEAD, b"a" * 200),  # a body a letter at a time
        (b"\x16\x03\x01\x02\x00\x01", b"\x00" * 200),  # TLS on a port without
    ],
)
async def test_who_is_slow_is_closed(tmp_path: Path, first: bytes, dribble: bytes) -> None:
    bounds = Connections(max_silence_s=0.5, max_body_s=0.7, sweep_interval_s=0.1)
    async with Server(tmp_path, bounds).running() as server:
        slow = await server.connect()
        slow.writer.write(first)
        assert await slow.closed_within(8.0, dribble)
        slow.writer.close()
        assert await server.answers() == "127.0.0.1"


def with_certificate(folder: Path, *, days: float = 0.0) -> Authority:
    """A certificate that was made so many days ago."""
    authority, key = Authority.make(time.time()), ec.generate_private_key(ec.SECP256R1())
    made = authority.server(key.public_key(), ["127.0.0.1"], time.time() - 86_400 * days)
    (folder / "web.pem").write_bytes(private_pem(key) + Pair(key, made).pem)
    return authority


async def test_a_handshake_that_is_never_made_is_closed_too(tmp_path: Path) -> None:
    with_certificate(tmp_path)
    async with Server(
        tmp_path, Connections(max_silence_s=0.5, sweep_interval_s=0.1)
    ).running() as server:
        for first in (b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"):
            slow = await server.connect()
            slow.writer.write(first)
            assert await slow.closed_within(8.0)
            slow.writer.close()
        assert await server.answers() == "127.0.0.1"


async def test_a_long_answer_is_not_cut(tmp_path: Path) -> None:
    async with Server(
        tmp_path, Connections(max_silence_s=0.3, sweep_interval_s=0.1)
    ).running() as server:
        client = await server.connect()
        client.writer.write(REQUEST.replace(b" / ", b" /stream "))
        assert not await client.closed_within(1.5)
        client.writer.close()


async def test_too_many_of_one_address_cost_the_longest_silent_of_it(tmp_path: Path) -> None:
    async with Server(tmp_path, Connections(most_of_one=5)).running() as server:
        other = await server.connect("127.0.0.2")
        streaming = await server.connect()
        streaming.writer.write(REQUEST.replace(b" / ", b" /stream "))
        assert await streaming.reader.read(10)
        idle = [await server.connect() for _ in range(4)]
        await asyncio.sleep(0.2)
        assert await server.answers() == "127.0.0.1"
        assert await idle[0].closed_within(2.0)
        for one in (other, streaming, *idle[2:]):
            assert not await one.closed_within(0.3)
        for one in (other, streaming, *idle):
            one.writer.close()


async def test_too_many_that_are_served_leave_no_room_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with Server(tmp_path, Connections(most_of_one=3, most=6)).running() as server:
        streaming = [await server.connect() for _ in range(3)]
        for one in streaming:
            one.writer.write(REQUEST.replace(b" / ", b" /stream "))
            assert await one.reader.read(10)
        refused = await server.connect()
        assert await refused.closed_within(2.0)
        assert await server.answers("127.0.0.2") == "127.0.0.2"
        for number in range(3, 9):  # all others' silence costs nobody who is served
            await server.connect(f"127.0.0.{number}")
        assert await server.answers("127.0.0.2") == "127.0.0.2"
        for one in streaming:
            assert not await one.closed_within(0.2)
            one.writer.close()

        async def free() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                return await server.answers() == "127.0.0.1"
            return False

        await until_told("there is room again", free)


async def test_a_proxy_speaks_for_many_and_names_them(tmp_path: Path) -> None:
    bounds = Connections(most_of_one=2, max_silence_s=0.7, sweep_interval_s=0.1, exempt="127.0.0.1")
    async with Server(tmp_path, bounds, proxy="127.0.0.1").running() as server:
        idle = [await server.connect() for _ in range(5)]
        said = await server.answers(**{"X-Forwarded-For": "203.0.113.7"})
        assert said == "203.0.113.7"
        for one in idle:
            assert await one.closed_within(4.0)


async def test_eleven_hundred_that_say_nothing_shut_nobody_out(tmp_path: Path) -> None:
    """From one address and from many; console, feeds and enrolment answer at once. Of memory each
    takes little: asyncio alone would give each a quarter of a megabyte."""
    raise_handle_limit()
    async with a_province(tmp_path, "--own-certificate") as program:
        url, place = program.url, (program.host, program.port)
        process = psutil.Process(program.process.pid)
        before = process.memory_info().rss
        for sources in (["127.0.0.1"], [f"127.0.1.{number}" for number in range(1, 23)]):
            idle: list[socket.socket] = []
            for number in range(1100):
                one = socket.create_connection(
                    place, 20, source_address=(sources[number % len(sources)], 0)
                )
                idle.append(one)
            for source in ("127.0.0.1", "127.0.0.9"):
                transport = httpx.AsyncHTTPTransport(local_address=source, verify=False)
                async with httpx.AsyncClient(
                    base_url=url, transport=transport, timeout=10, trust_env=False
                ) as http:
                    began = time.monotonic()
                    assert (await http.get("/login")).status_code == 200
                    assert (await http.get("/feeds/x/y.ics")).status_code == 404
                    assert (await http.post(ENROL, content=b"{}")).status_code == 400
                    assert time.monotonic() - began < 8.0
            assert process.memory_info().rss - before < 1100 * IDLE_BYTES
            for one in idle:
                one.close()


async def test_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with_certificate(tmp_path, days=810)

    def number(port: int) -> str:
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=20)

    server = Server(tmp_path, Connections())
    server.web.certificate_poll_s = 0.2
    async with server.running():
        first = await asyncio.to_thread(number, server.port)
        assert "ends on" in caplog.text
        whole = (tmp_path / "web.pem").read_bytes()
        (tmp_path / "web.pem").write_bytes(whole[:-100])
        await until("it is told", lambda: "is not taken" in caplog.text)
        assert await asyncio.to_thread(number, server.port) == first
        with_certificate(tmp_path)

        async def renewed() -> bool:
            return await asyncio.to_thread(number, server.port) != first

        await until_told("it is taken", renewed)


async def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    async with Server(tmp_path, Connections()).running() as server:
        again = Server(tmp_path, Connections())
        again.web.config.port = server.port
        with pytest.raises(ListenError, match=f"bind on 127.0.0.1:{server.port}; choose another"):
            await again.web.serve()


def test_there_are_no_more_connections_than_handles() -> None:
    assert 16 <= connections_allowed() <= 4000


def test_a_crowd_is_accepted_a_few_in_a_row_and_nobody_is_forgotten() -> None:
    """asyncio takes until there is none or `BlockingIOError`, and then serves others."""
    (listening,) = Connections().listen("127.0.0.1", 0)
    crowd = [socket.create_connection(listening.getsockname()) for _ in range(50)]
    rows: list[int] = []
    accepted: list[socket.socket] = []
    while len(accepted) < len(crowd):
        rows.append(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                accepted.append(listening.accept()[0])
                rows[-1] += 1
    assert rows == [MAX_ACCEPTS_IN_A_ROW] * (50 // MAX_ACCEPTS_IN_A_ROW) + [2]
    for one in (listening, *crowd, *accepted):
        one.close()


HEAP_CHILD = """
import psutil
from services.province.memory import bound_heap_blocks
if {bounded}:
    bound_heap_blocks()
before = psutil.Process().memory_info().rss
for _ in range(2):  # glibc changes its rule with the first that is freed
    block = bytearray(b"x") * (19 * 2**20)
    del block
print(psutil.Process().memory_info().rss - before)
"""


@pytest.mark.parametrize("bounded", [True, False])
def test_a_large_block_that_was_freed_is_gone(*, bounded: bool) -> None:
    child = HEAP_CHILD.format(bounded=bounded)
    run = subprocess.run(
        [sys.executable, "-c", child], capture_output=True, text=True, check=True, timeout=60.0
    )
    kept = int(run.stdout) / 2**20
    # Without the bound it stays, or this test could not fail.
    assert (kept < 5) == bounded, f"{kept:.1f} MiB are kept"
