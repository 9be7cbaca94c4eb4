"""Real sockets: UDP, TCP in pieces, TLS with and without trust."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from sipmessage import URI, Address, Request, Response

from appliance.dialers.sip.signalling.message import new_branch, parse, request, response, serialise
from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.transport_layer import TransportLayer, note_source
from tests.dialers.sip.signalling.wire import ROOM, SITE, UDP_NEAR, invite, other


@dataclass
class Heard:
    """What a transport layer gave."""

    messages: list[Request | Response] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, message: Request | Response) -> None:
        self.messages.append(message)
        self.news.set()

    def gone(self, why: str) -> None:
        self.lost.append(why)
        self.news.set()

    async def wait(self) -> None:
        async with asyncio.timeout(10):
            await self.news.wait()
        self.news.clear()


@asynccontextmanager
async def server(
    pieces: list[bytes], got: list[bytes], context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A TCP server that sends these pieces one by one, then closes when it has heard something."""
    tasks: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        got.append(await reader.read(65536))
        writer.close()

    one = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield one.sockets[0].getsockname()[1]
    finally:
        one.close()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


def info() -> bytes:
    one = other("INFO")
    one.via = [UDP_NEAR.via(new_branch())]
    one.body = b"x" * 3000
    return serialise(one)


async def test_tcp_in_pieces_with_keep_alives_and_an_answer_on_the_same_connection() -> None:
    message = info()
    pieces = [b"\r\n\r\n", message[:100], message[100:2000], message[2000:] + b"\r\n"]
    heard, got = Heard(), list[bytes]()
    async with server(pieces, got) as port:
        transport_layer = TransportLayer(None, heard.hear, heard.gone)
        local = await transport_layer.open([Target("TCP", "127.0.0.1", port, "127.0.0.1")])
        assert (local.transport, local.host) == ("TCP", "127.0.0.1")
        await heard.wait()
        (asked,) = heard.messages
        assert isinstance(asked, Request)
        assert len(asked.body) == 3000
        transport_layer.send(response(asked, 200, "us"))
        await heard.wait()
        assert heard.lost == ["the server closed the connection"]
        await transport_layer.close()
    there = parse(got[0])
    assert isinstance(there, Response)
    assert there.via[0].parameters["received"] == "127.0.0.1"


async def test_a_server_that_speaks_something_else() -> None:
    heard = Heard()
    async with server([b"SSH-2.0-x\r\n" * 9000], []) as port:
        transport_layer = TransportLayer(None, heard.hear, heard.gone)
        await transport_layer.open([Target("TCP", "127.0.0.1", port, "127.0.0.1")])
        await heard.wait()
        assert "no SIP" in heard.lost[0]
        await transport_layer.close()


def contexts(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    near, far = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(near)
    authority.issue_cert(name).configure_cert(far)
    return near, far


async def test_tls_with_a_private_authority() -> None:
    near, far = contexts("mcu.example.vn")
    heard = Heard()
    async with server([info()], [], far) as port:
        transport_layer = TransportLayer(near, heard.hear, heard.gone)
        local = await transport_layer.open([Target("TLS", "127.0.0.1", port, "mcu.example.vn")])
        assert local.transport == "TLS"
        await heard.wait()
        assert len(heard.messages) == 1
        transport_layer.send(other("OPTIONS"))
        await transport_layer.close()


@pytest.mark.parametrize("case", ["another authority", "another name"])
async def test_tls_that_is_not_trusted(case: str) -> None:
    near, far = contexts("mcu.example.vn" if case == "another authority" else "other.example.vn")
    trust = ssl.create_default_context() if case == "another authority" else near
    heard = Heard()
    async with server([], [], far) as port:
        transport_layer = TransportLayer(trust, heard.hear, heard.gone)
        with pytest.raises(ssl.SSLCertVerificationError):
            await transport_layer.open([Target("TLS", "127.0.0.1", port, "mcu.example.vn")])
        await transport_layer.close()


class Far(asyncio.DatagramProtocol):
    """A UDP end that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self.heard.put_nowait((data, addr))


async def far() -> tuple[asyncio.DatagramTransport, Far, int]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Far, local_addr=("127.0.0.1", 0))
    return transport, protocol, transport.get_extra_info("sockname")[1]


async def test_udp_there_and_back_and_past_a_target_that_refuses() -> None:
    transport, protocol, port = await far()
    heard = Heard()
    transport_layer = TransportLayer(None, heard.hear, heard.gone)
    closed = Target("TCP", "127.0.0.1", port, "127.0.0.1")
    local = await transport_layer.open([closed, Target("UDP", "127.0.0.1", port, "127.0.0.1")])
    assert local.transport == "UDP"
    mine = invite()
    mine.via = [local.via(new_branch())]
    transport_layer.send(mine)
    async with asyncio.timeout(10):
        data, addr = await protocol.heard.get()
    asked = parse(data)
    assert isinstance(asked, Request)
    transport.sendto(b"garbage", addr)
    transport.sendto(serialise(response(asked, 486, "far")), addr)
    await heard.wait()
    assert [one.code for one in heard.messages if isinstance(one, Response)] == [486]
    await transport_layer.close()
    transport.close()


async def test_a_request_that_cannot_be_read_is_answered_where_it_came_from() -> None:
    transport, protocol, port = await far()
    heard = Heard()
    transport_layer = TransportLayer(None, heard.hear, heard.gone)
    local = await transport_layer.open([Target("UDP", "127.0.0.1", port, "127.0.0.1")])
    broken = info().replace(b"Content-Length: 3000", b"Content-Length: 3001")
    transport.sendto(broken, ("127.0.0.1", local.port))
    async with asyncio.timeout(10):
        data, _ = await protocol.heard.get()
    said = parse(data)
    assert isinstance(said, Response)
    assert (said.code, said.cseq.method) == (400, "INFO")
    assert "3001" in said.phrase
    assert not heard.messages
    await transport_layer.close()
    transport.close()


async def test_a_request_inside_the_dialog_goes_to_the_contact() -> None:
    transport, _, port = await far()
    another, hop, elsewhere = await far()
    transport_layer = TransportLayer(None, Heard().hear, Heard().gone)
    local = await transport_layer.open([Target("UDP", "127.0.0.1", port, "127.0.0.1")])
    target = URI.parse(f"sip:1000@127.0.0.2:{elsewhere}")
    another.close()
    loop = asyncio.get_running_loop()
    another, hop = await loop.create_datagram_endpoint(Far, local_addr=("127.0.0.2", elsewhere))
    bye = request("BYE", target, SITE, Address.parse(f"<{ROOM}>;tag=far"), "call-1", 2)
    bye.via = [local.via(new_branch())]
    transport_layer.send(bye)
    async with asyncio.timeout(10):
        data, _ = await hop.heard.get()
    assert data.startswith(b"BYE")
    await transport_layer.close()
    transport.close()
    another.close()


async def test_nothing_listens() -> None:
    transport, _, port = await far()
    transport_layer = TransportLayer(None, Heard().hear, Heard().gone)
    with pytest.raises(ConnectionRefusedError):
        await transport_layer.open([Target("TCP", "127.0.0.1", port, "127.0.0.1")])
    await transport_layer.close()
    transport.close()


def test_the_via_says_where_a_request_came_from() -> None:
    one = other("INFO")
    one.headers.set("Via", "SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKa+b, SIP/2.0/TCP x")
    note_source(one, ("192.0.2.7", 9999))
    assert one.headers["Via"] == (
        "SIP/2.0/UDP 10.0.0.1:5060;rport=9999;branch=z9hG4bKa+b;received=192.0.2.7, SIP/2.0/TCP x"
    )
    plain = other("INFO")
    plain.headers.set("Via", "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx")
    note_source(plain, ("192.0.2.7", 9999))
    assert plain.headers["Via"] == "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx"
