"""More servers than one: the next of two by SRV, one that a server names, one that comes back."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import trustme

from appliance.base.config import SipChoices
from appliance.dialers.api import DialError, EndReason
from appliance.dialers.sip.dialer import SipDialer
from appliance.dialers.sip.transport.resolve import Srv
from tests.dialers.sip.far_end import FarEnd, far_end
from tests.dialers.sites import Site, near, site, until

pytestmark = pytest.mark.timeout(240)  # a busy machine
SITE_S = 6.0
"""A dial's deadline, so that a share of it is short."""


@dataclass
class Names:
    """A name server that knows the two servers of ``mcu.vn``, in this order."""

    ports: list[int]
    asked: list[str] = field(default_factory=list)

    async def srv(self, name: str) -> list[Srv]:
        self.asked.append(name)
        found = [Srv(10 * n, 1, "127.0.0.1", port) for n, port in enumerate(self.ports)]
        return found if name == "_sip._tcp.mcu.vn" else []

    async def naptr(self, name: str) -> list[tuple[str, str]]:
        self.asked.append(name)
        return []


def nobody() -> int:
    """A port at which nothing listens."""
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.asynccontextmanager
async def two(first: FarEnd | int, second: FarEnd) -> AsyncIterator[SipDialer]:
    """A dialer that finds these two."""
    ports = [first if isinstance(first, int) else first.port, second.port]
    yield SipDialer(deadline_s=SITE_S, lookup=Names(ports))


async def calls(dialer: SipDialer) -> Site:
    return await site(dialer, "sip:1000@mcu.vn;transport=tcp", 1)


@pytest.mark.case("C6")
@pytest.mark.parametrize("code", [503, 0])
async def test_the_next_of_two_servers_in_one_dial_and_first_in_the_next(code: int) -> None:
    async with far_end(code) as first, far_end() as second, two(first, second) as dialer:
        for again in (1, 2):
            one = await calls(dialer)
            assert one.call.ended is None
            assert first.connections == 1, "the next dial begins with the other"
            assert second.connections == again
            await one.leave()


@pytest.mark.case("C6")
async def test_a_server_where_nothing_listens() -> None:
    async with far_end() as second, two(nobody(), second) as dialer:
        one = await calls(dialer)
        await one.leave()


@pytest.mark.case("C6")
async def test_a_registrar_that_does_not_serve_is_passed_over() -> None:
    async with far_end(0) as first, far_end() as second:
        choices = SipChoices(user="x", registrar="sip:mcu.vn;transport=tcp", register=True)
        lookup = Names([first.port, second.port])
        dialer = SipDialer(deadline_s=SITE_S, choices=choices, lookup=lookup)
        # A far end of this kind registers whoever comes: the INVITE is what it never answers.
        one = await site(dialer, "sip:1000@mcu.vn;transport=tcp", 1)
        assert second.methods()[:2] == ["REGISTER", "INVITE"]
        await one.leave()


@pytest.mark.case("C6")
async def test_a_refusal_is_no_silence() -> None:
    """Who is busy is busy at each server of the conference system."""
    async with far_end(486) as first, far_end() as second, two(first, second) as dialer:
        with pytest.raises(DialError) as told:
            await calls(dialer)
        assert told.value.reason is EndReason.BUSY
        assert second.connections == 0


@pytest.mark.case("C6")
async def test_neither_serves() -> None:
    async with far_end(0) as first, far_end(503) as second, two(first, second) as dialer:
        with pytest.raises(DialError) as told:
            await calls(dialer)
        assert told.value.reason is EndReason.UNREACHABLE
        assert "503" in told.value.detail
        # Both were of no use: their own order counts again.
        with pytest.raises(DialError):
            await calls(dialer)
        assert (first.connections, second.connections) == (2, 2)


def contact(far: FarEnd, host: str = "127.0.0.1") -> dict[str, str]:
    return {"Contact": f"<sip:2000@{host}:{far.port};transport=tcp>;q=0.7"}


def address(far: FarEnd, transport: str = "tcp") -> str:
    return f"sip:1000@127.0.0.1:{far.port};transport={transport}"


@pytest.mark.case("C10")
@pytest.mark.parametrize("code", [300, 301, 302])
async def test_a_redirect_is_followed(code: int) -> None:
    async with far_end() as second, far_end(code, headers=contact(second)) as first:
        dialer = SipDialer(hosts=frozenset({"127.0.0.1"}))
        one = await site(dialer, address(first), 1)
        await until(lambda: one.sees == 2, "the far picture")
        assert second.asked[0].uri.user == "2000"
        await one.leave()


@pytest.mark.case("C10")
async def test_a_redirect_to_another_host_is_not_followed() -> None:
    async with far_end() as second, far_end(302, headers=contact(second, "localhost")) as first:
        with pytest.raises(DialError) as told:
            await site(SipDialer(hosts=frozenset({"127.0.0.1"})), address(first), 1)
        assert told.value.reason is EndReason.REFUSED
        assert "localhost" in told.value.detail
        assert second.connections == 0


@pytest.mark.case("C10")
@pytest.mark.parametrize("headers", [{}, {"Contact": "*"}, {"Contact": "<tel:113>, <sip:@@>"}])
async def test_a_redirect_to_nowhere(headers: dict[str, str]) -> None:
    async with far_end(302, headers=headers) as first:
        with pytest.raises(DialError) as told:
            await site(SipDialer(), address(first), 1)
        assert told.value.reason is EndReason.REFUSED


@pytest.mark.case("C10")
async def test_a_second_redirect_is_not_followed() -> None:
    async with far_end(302) as second, far_end(302, headers=contact(second)) as first:
        second.headers = contact(first)
        with pytest.raises(DialError) as told:
            await site(SipDialer(), address(first), 1)
        assert "another address" in told.value.detail
        assert (first.connections, second.connections) == (1, 1)


def certified() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows, and who believes it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    return server, trust


@pytest.mark.case("C10")
async def test_a_redirect_leads_from_tls_to_tls_alone() -> None:
    server, trust = certified()
    async with far_end() as second, far_end(302, headers=contact(second), tls=server) as first:
        with pytest.raises(DialError) as told:
            await site(SipDialer(trust, deadline_s=SITE_S), address(first, "tls"), 1)
        assert told.value.reason is EndReason.UNREACHABLE
        assert second.asked == []


@pytest.mark.case("C13")
@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_a_connection_that_the_server_closes_is_made_again(transport: str) -> None:
    server, trust = certified()
    tls = server if transport == "tls" else None
    async with far_end(survive=True, tls=tls) as far:
        one = await site(SipDialer(trust), address(far, transport), 1)
        await until(lambda: one.sees == 2, "the far picture")
        for number in (2, 3):
            far.drop()
            await until(lambda number=number: far.connections == number, "another connection")  # type: ignore[misc]
            await until(
                lambda number=number: (
                    len(set(far.methods()) & {"UPDATE", "INVITE"}) == 2  # type: ignore[misc]
                    and far.methods().count("UPDATE") == number - 1
                ),
                "that the far end is told where its requests come to",
            )
        assert far.asked[-1].contact[0].uri.port != far.asked[0].contact[0].uri.port
        # Requests that come over the new connection belong to the call.
        far.agents[0].inform("text/plain", "x")
        far.agents[0].offer()
        offering = far.agents[0].session._requests
        await until(lambda: not offering.offering, "the answer to its offer")
        assert one.call.ended is None
        await one.leave()
        await until(lambda: far.agents[0].ended is not None, "the BYE")
        assert len(far.agents) == 1


@pytest.mark.case("C13")
async def test_what_is_said_while_the_connection_is_down_comes_through() -> None:
    async with far_end(survive=True) as far:
        one = await site(SipDialer(), address(far), 1)
        far.drop()
        await one.leave()
        await until(lambda: far.agents[0].ended is not None, "the BYE by another connection")


@pytest.mark.case("C13")
async def test_a_server_that_is_gone_ends_the_call() -> None:
    async with far_end(survive=True) as far:
        one = await site(SipDialer(), address(far), 1)
    await until(lambda: one.call.ended is not None, "the end")
    assert one.call.ended is EndReason.LOST
    await one.leave()


@pytest.mark.case("C13")
async def test_a_server_that_closes_each_connection_ends_the_call_too() -> None:
    async with far_end(survive=True) as far:
        one = await site(SipDialer(), address(far), 1)

        async def close_each() -> None:
            while True:
                far.drop()
                await asyncio.sleep(0.02)

        closing = asyncio.create_task(close_each())
        await until(lambda: one.call.ended is not None, "the end")
        closing.cancel()
        assert far.connections < 10
        await one.leave()


@contextlib.asynccontextmanager
async def old_tls(minimum: ssl.TLSVersion | None) -> AsyncIterator[int]:
    """A server with TLS of one old version; None has none at all, and ends the connection."""
    context, _ = certified()
    if minimum is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = minimum

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if minimum is None:
            await reader.read(1)
        writer.transport.abort()

    tls = context if minimum is not None else None
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.case("C14")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, None], ids=["1.0", "1.1", "none"]
)
async def test_a_server_with_an_old_tls_gets_a_sentence(version: ssl.TLSVersion | None) -> None:
    async with old_tls(version) as port:
        with pytest.raises(DialError) as told:
            address = f"sip:1000@127.0.0.1:{port};transport=tls"
            await SipDialer(deadline_s=SITE_S).dial(address, near(1), name="x")
    assert "TLS 1.2 or newer: " in told.value.detail
    assert told.value.reason is EndReason.UNREACHABLE


def _bare(data: bytes) -> bytes:
    return data.replace(b"\r\nServer: ", b"\r\nServer: \xe9\r\nnothing\r\nX-Server: ").replace(
        b"\r\nContact: <sip:", b"\r\nContact: Ph\xf2ng h\xf2p <sip:72#"
    )


@pytest.mark.case("C5")
async def test_a_far_end_with_odd_heads_is_called_and_ended_as_any() -> None:
    async with far_end(spoil=_bare) as far:
        one = await site(SipDialer(), address(far), 1)
        await until(lambda: one.sees == 2, "the far picture")
        await far.agents[0].leave()
        await until(lambda: one.call.ended is not None, "its BYE")
        assert one.call.ended is EndReason.FAR_END
        await one.leave()


@pytest.mark.case("C5")
async def test_a_200_that_cannot_be_read_leaves_no_ghost() -> None:
    def unreadable(data: bytes) -> bytes:
        if not data.startswith(b"SIP/2.0 200"):
            return data
        return data.replace(b" INVITE\r\n", b" INVITE\r\nCSeq: 9 INVITE\r\n")

    async with far_end(spoil=unreadable) as far:
        with pytest.raises(DialError) as told:
            await site(SipDialer(), address(far), 1)
        assert told.value.reason is EndReason.REFUSED
        assert "cannot be read" in told.value.detail
        await until(lambda: far.agents[0].ended is not None, "the BYE")
        assert far.methods() == ["INVITE", "ACK", "BYE"]


@pytest.mark.case("C10")
async def test_a_description_in_parts_makes_a_call() -> None:
    def in_parts(data: bytes) -> bytes:
        head, _, body = data.partition(b"\r\n\r\n")
        if b"application/sdp" not in head:
            return data
        parts = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: application/sdp"
        parts += b"\r\n\r\n" + body + b"\r\n--b--\r\n"
        head = head.replace(b"application/sdp", b"multipart/mixed;boundary=b")
        before = b"Content-Length: %d" % len(body)
        assert before in head
        return head.replace(before, b"Content-Length: %d" % len(parts)) + b"\r\n\r\n" + parts

    async with far_end(spoil=in_parts) as far:
        one = await site(SipDialer(), address(far), 1)
        await until(lambda: one.sees == 2, "the far picture")
        far.agents[0].offer()
        offering = far.agents[0].session._requests
        await until(lambda: not offering.offering, "an answer to its offer in parts")
        assert one.call.ended is None
        await one.leave()
