"""The pair of ports: even and odd, symmetric with a bound, plain and encrypted."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiortc.rtp import RtcpRrPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.rtp import udp_ports
from appliance.media.rtp.srtp import Inbound, MasterKey, Outbound
from appliance.media.rtp.udp_ports import MAX_LATCHES, PortsError, RtpPath, _Far

HOST = "127.0.0.1"
SUITE = "AES_CM_128_HMAC_SHA1_80"


@dataclass
class Ear:
    """Takes payload type 9."""

    rtp: list[bytes] = field(default_factory=list)
    rtcp: list[bytes] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def accepts(self, payload_type: int) -> bool:
        return payload_type == 9

    def take_rtp(self, packet: RtpPacket, now: float) -> None:
        self.rtp.append(packet.payload)
        self.came.set()

    def take_rtcp(self, compound: bytes, now: float) -> None:
        self.rtcp.append(compound)
        self.came.set()

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self.came.wait()
        self.came.clear()


class Far:
    """A socket of a far end."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((HOST, 0))

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return host, port

    def send(self, data: bytes, port: int) -> None:
        self.socket.sendto(data, (HOST, port))

    async def receive(self) -> bytes:
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(self.socket, 2048)


def packet(text: bytes, payload_type: int = 9) -> bytes:
    return RtpPacket(payload_type, 0, 1, 1, 7, text).serialize()


@pytest.fixture
async def ear() -> Ear:
    return Ear()


@pytest.fixture
async def path(ear: Ear) -> AsyncIterator[RtpPath]:
    made = RtpPath(ear)
    await made.open(HOST)
    yield made
    made.close()
    made.close()


async def test_an_even_port_and_the_next(path: RtpPath, ear: Ear) -> None:
    assert path.port % 2 == 0
    far = Far()
    far.send(packet(b"sound"), path.port)
    await ear.next()
    far.send(bytes(RtcpRrPacket(7)), path.port + 1)
    await ear.next()
    assert (ear.rtp, ear.rtcp) == ([b"sound"], [bytes(RtcpRrPacket(7))])


async def test_rtcp_among_rtp_is_taken_too(path: RtpPath, ear: Ear) -> None:
    Far().send(bytes(RtcpRrPacket(7)), path.port)
    await ear.next()
    assert ear.rtcp


async def test_no_free_pair() -> None:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind((HOST, 0))
    port = taken.getsockname()[1] & ~1
    with pytest.raises(PortsError, match="no free pair"):
        await RtpPath(Ear()).open(HOST, range(port, port + 2))
    with pytest.raises(PortsError):
        await RtpPath(Ear()).open("192.0.2.1")
    taken.close()


async def test_nothing_goes_before_a_far_end_is_known(path: RtpPath) -> None:
    assert not path.send_rtp(packet(b"x"))
    path.aim((HOST, 0), None)
    assert not path.send_rtp(packet(b"x"))
    path.aim(("mcu.example", 5004), None)  # no name is looked up in the middle of the media
    assert not path.send_rtp(packet(b"x"))


async def test_what_is_sent_goes_where_valid_packets_come_from(path: RtpPath, ear: Ear) -> None:
    signalled, real, stray = Far(), Far(), Far()
    path.aim(signalled.address, signalled.address)
    path.send_rtp(packet(b"first"))
    assert (await signalled.receive()).endswith(b"first")
    stray.send(b"\x80\x60 no such payload type", path.port)
    stray.send(b"GET / HTTP/1.1", path.port)
    stray.send(b"", path.port)
    stray.send(b"\x80", path.port)
    real.send(packet(b"valid"), path.port)
    await ear.next()
    path.send_rtp(packet(b"second"))
    assert (await real.receive()).endswith(b"second")
    stray.send(packet(b"too late to take over"), path.port)
    real.send(packet(b"goes on"), path.port)
    await ear.next()
    assert path.far == real.address
    assert ear.rtp == [b"valid", b"goes on"]
    path.aim(signalled.address, signalled.address)  # a session refresh
    assert path.far == real.address
    path.aim(stray.address, stray.address)  # the far end says that it moves
    assert path.far == stray.address


def test_the_latch_is_bounded() -> None:
    far = _Far()
    far.aim((HOST, 1))
    now = 100.0
    assert far.hear((HOST, 2), now)
    assert not far.hear((HOST, 3), now + 0.5)
    assert far.hear((HOST, 3), now + udp_ports.RELATCH_AFTER_S)
    assert not far.hear((HOST, 2), now + udp_ports.RELATCH_AFTER_S + 0.5)
    for number in range(MAX_LATCHES):
        now += 10
        far.hear((HOST, 4 + number), now)
    assert far.latches == MAX_LATCHES
    kept = far.address
    assert not far.hear((HOST, 3), now + 100)
    assert far.address == kept
    assert kept is not None
    assert far.hear(kept, now + 101)


async def test_encrypted_ports_latch_onto_the_key_only(path: RtpPath, ear: Ear) -> None:
    key, own = MasterKey.fresh(), MasterKey.fresh()
    path.protect(Outbound(SUITE, own), Inbound(SUITE, (key,)))
    real, stray = Far(), Far()
    path.aim(real.address, real.address)
    stray.send(packet(b"in the clear"), path.port)
    stray.send(Outbound(SUITE, MasterKey.fresh()).rtp(packet(b"another key")), path.port)
    real.send(Outbound(SUITE, key).rtp(packet(b"ours")), path.port)
    await ear.next()
    assert ear.rtp == [b"ours"]
    assert path.refused == 2
    path.send_rtp(packet(b"answer"))
    sent = await real.receive()
    assert b"answer" not in sent
    assert Inbound(SUITE, (own,)).rtp(sent).endswith(b"answer")
    stray.send(bytes(RtcpRrPacket(7)), path.port + 1)
    real.send(Outbound(SUITE, key).rtcp(bytes(RtcpRrPacket(7))), path.port + 1)
    await ear.next()
    assert len(ear.rtcp) == 1
    path.send_rtcp(bytes(RtcpRrPacket(8)))
    assert Inbound(SUITE, (own,)).rtcp(await real.receive()) == bytes(RtcpRrPacket(8))


async def test_a_closed_port_at_the_far_end_is_no_end(path: RtpPath, ear: Ear) -> None:
    gone, far = Far(), Far()
    address = gone.address
    gone.socket.close()
    path.aim(address, address)
    for _ in range(3):
        path.send_rtp(packet(b"into the void"))
        await asyncio.sleep(0)
    far.send(packet(b"still here"), path.port)
    await ear.next()
    assert ear.rtp == [b"still here"]


@pytest.mark.parametrize(
    "extension",
    [
        "bede0001f0ffffff",  # nothing after a 15 is to be read (RFC 8285 section 4.2)
        "bede00011f000000",
        "bede000100000013",
        "1000000101ff0000",
        "1000000101000002",
        "abac000101020304",
        "bede0000",
    ],
)
async def test_a_header_extension_that_cannot_be_read_costs_itself(
    path: RtpPath, ear: Ear, extension: str
) -> None:
    far = Far()
    path.aim(far.address, None)
    written = bytearray(packet(b"sound"))
    written[0] |= 0x11  # with one contributing source before the extension
    written[12:12] = b"\0\0\0\x05" + bytes.fromhex(extension)
    far.send(bytes(written), path.port)
    await ear.next()
    assert ear.rtp == [b"sound"]


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes(datagrams: list[bytes]) -> None:
    ear = Ear.__new__(Ear)
    ear.rtp, ear.rtcp, ear.came = [], [], asyncio.Event()
    path = RtpPath(ear)
    port = udp_ports._Port(path._came_to_rtp)
    for datagram in datagrams:
        port.datagram_received(datagram, (HOST, 9))
        port.datagram_received(b"\x80\x09" + datagram, (HOST, 9))
        port.datagram_received(b"\x81\xce" + datagram, (HOST, 9))
    assert path.heard_at <= time.monotonic()


@pytest.mark.case("C7")
async def test_each_packet_of_the_far_end_is_a_sign_of_life(path: RtpPath, ear: Ear) -> None:
    far = Far()
    path.aim(far.address, far.address)
    assert path.alive_at == float("-inf")
    began = time.monotonic()
    far.send(bytes(RtcpRrPacket(7, [])), path.port + 1)
    await ear.next()
    assert path.alive_at >= began
    before = path.alive_at
    far.send(packet(b"comfort noise", 13), path.port)
    async with asyncio.timeout(10):
        while path.alive_at == before:
            await asyncio.sleep(0.01)
    assert not ear.rtp
    assert path.heard_at == float("-inf")  # as a source of media it counts as before
