"""One medium's pair of UDP ports: RTP even, RTCP the next one, symmetric, plain or SRTP.

Conference systems know neither ICE nor rtcp-mux, and may send from another address than they
signal: what we send goes to where valid packets come from (symmetric RTP, RFC 4961).
"""

import asyncio
import ipaddress
import logging
import random
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aiortc.rtp import RtpPacket, is_rtcp

from appliance.media.rtp.srtp import CipherError, Inbound, Outbound

log = logging.getLogger(__name__)

PORTS = range(16_384, 32_768)
MAX_TRIES = 64
RELATCH_AFTER_S = 1.0  # without packets from the latched source another one may replace it
MAX_LATCHES = 32  # in one call: an MCU changes its address a few times, an attacker always
RECEIVE_BUFFER_BYTES = 1 << 20  # a keyframe comes at once while the loop may be busy
MAX_DATAGRAM_BYTES = 2_048  # longer ones are dropped; RTP of an MCU has at most 1500
_EXTENDED, _CSRC_COUNT = 0x10, 0x0F  # in the first byte (RFC 3550 section 5.1)

Address = tuple[str, int]


class PortsError(OSError):
    """No pair of free ports was found, or the address is not ours."""


class Listener(Protocol):
    """Takes the packets that came in, decrypted and checked."""

    def accepts(self, payload_type: int) -> bool:
        """Whether this payload type was negotiated; packets of others are not valid."""

    def take_rtp(self, packet: RtpPacket, now: float) -> None:
        """Take a valid RTP packet."""

    def take_rtcp(self, compound: bytes, now: float) -> None:
        """Take what looks like RTCP, decrypted."""


@dataclass(slots=True)
class _Far:
    """The address that one of the two ports sends to."""

    signalled: Address | None = None
    latched: Address | None = None
    heard_at: float = float("-inf")
    latches: int = 0

    def aim(self, address: Address | None) -> None:
        if address != self.signalled:
            self.signalled, self.latched = address, None
            self.heard_at = float("-inf")

    @property
    def address(self) -> Address | None:
        if self.signalled is None:
            return None
        return self.latched or self.signalled

    def hear(self, source: Address, now: float) -> bool:
        """Whether a valid packet from `source` is to be used; latches on to the source."""
        if source != self.latched:
            if self.latched is not None and now - self.heard_at < RELATCH_AFTER_S:
                return False
            if self.latches >= MAX_LATCHES:
                return False
            self.latches += 1
            self.latched = source
        self.heard_at = now
        return True


class RtpPath:
    """Two sockets for one medium. Nothing is sent before `aim`, nor to port 0."""

    def __init__(self, listener: Listener, now: Callable[[], float] = time.monotonic) -> None:
        self.port = 0
        self.outbound: Outbound | None = None
        self.inbound: Inbound | None = None
        self.sent_bytes = 0
        self.refused = 0  # packets that were dropped
        self.alive_at = float("-inf")  # when the far end last sent anything, RTCP too
        self._listener = listener
        self._now = now
        self._rtp: asyncio.DatagramTransport | None = None
        self._rtcp: asyncio.DatagramTransport | None = None
        self._far = _Far()
        self._far_rtcp = _Far()

    async def open(self, host: str, ports: range = PORTS) -> None:
        """Bind an even port and the next one at a local address; raises PortsError.

        What was bound before is closed: another server may be reached from another address.
        """
        self.close()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        loop = asyncio.get_running_loop()
        for _ in range(MAX_TRIES):
            even = random.choice(ports[::2]) & ~1  # noqa: S311 - no secret
            pair: list[socket.socket] = []
            try:
                for port in (even, even + 1):
                    pair.append(socket.socket(family, socket.SOCK_DGRAM))
                    pair[-1].setblocking(False)
                    pair[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                    pair[-1].bind((host, port))
            except OSError as error:
                for one in pair:
                    one.close()
                problem = error
                continue
            self.port = even
            self._rtp, _ = await loop.create_datagram_endpoint(
                lambda: _Port(self._came_to_rtp), sock=pair[0]
            )
            self._rtcp, _ = await loop.create_datagram_endpoint(
                lambda: _Port(self._came_to_rtcp), sock=pair[1]
            )
            return
        raise PortsError(f"no free pair of ports at {host} in {ports}: {problem}")

    def aim(self, rtp: Address | None, rtcp: Address | None) -> None:
        """Send to the addresses that the far end signals; the same ones again change nothing."""
        self._far.aim(_plain(rtp))
        self._far_rtcp.aim(_plain(rtcp))

    def protect(self, outbound: Outbound | None, inbound: Inbound | None) -> None:
        """Encrypt from now on; None is plain RTP."""
        self.outbound, self.inbound = outbound, inbound

    @property
    def far(self) -> Address | None:
        """The address that RTP is sent to now."""
        return self._far.address

    @property
    def heard_at(self) -> float:
        """The monotonic second of the last valid RTP packet; -inf before the first."""
        return self._far.heard_at

    def send_rtp(self, packet: bytes) -> bool:
        """Send one packet; False where it could not be."""
        if self.outbound is not None:
            try:
                packet = self.outbound.rtp(packet)
            except CipherError as error:
                log.debug("near → %s", error)
                return False
        return self._send(self._rtp, self._far.address, packet)

    def send_rtcp(self, compound: bytes) -> bool:
        """Send one compound packet; False where it could not be."""
        if self.outbound is not None:
            try:
                compound = self.outbound.rtcp(compound)
            except CipherError as error:
                log.debug("near → %s", error)
                return False
        return self._send(self._rtcp, self._far_rtcp.address, compound)

    def close(self) -> None:
        """Close both ports. Idempotent."""
        for transport in (self._rtp, self._rtcp):
            if transport is not None:
                transport.close()
        self._rtp = self._rtcp = None

    def _send(
        self, transport: asyncio.DatagramTransport | None, to: Address | None, data: bytes
    ) -> bool:
        if transport is None or transport.is_closing() or to is None or not to[1]:
            return False
        transport.sendto(data, to)
        self.sent_bytes += len(data)
        return True

    def _came_to_rtp(self, data: bytes, source: Address) -> None:
        if is_rtcp(data):  # a far end that multiplexes without negotiating it (RFC 5761)
            self._rtcp_came(data, source, self._far)
            return
        now = self._now()
        try:
            packet = _packet(data if self.inbound is None else self.inbound.rtp(data))
        except (ValueError, IndexError, struct.error):
            self.refused += 1
            return
        if self._listener.accepts(packet.payload_type) and self._far.hear(source, now):
            self.alive_at = now
            self._listener.take_rtp(packet, now)
        elif self._far.address is not None and source[0] == self._far.address[0]:
            self.alive_at = now  # comfort noise, say, that nobody agreed on
            self.refused += 1
        else:
            self.refused += 1

    def _came_to_rtcp(self, data: bytes, source: Address) -> None:
        if is_rtcp(data):
            self._rtcp_came(data, source, self._far_rtcp)

    def _rtcp_came(self, data: bytes, source: Address, far: _Far) -> None:
        now = self._now()
        try:
            opened = data if self.inbound is None else self.inbound.rtcp(data)
        except CipherError:
            self.refused += 1
            return
        if len(opened) >= 8 and opened[0] >> 6 == 2 and far.hear(source, now):
            self.alive_at = now
            self._listener.take_rtcp(opened, now)
        else:
            self.refused += 1


class _Port(asyncio.DatagramProtocol):
    """Passes datagrams on; an ICMP error (port unreachable) ends nothing."""

    def __init__(self, came: Callable[[bytes, Address], None]) -> None:
        self._came = came

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        if 12 <= len(data) <= MAX_DATAGRAM_BYTES or is_rtcp(data):
            self._came(data, (str(addr[0]), int(addr[1])))

    def error_received(self, exc: OSError | Exception) -> None:
        log.debug("near → %s", exc)


def _packet(data: bytes) -> RtpPacket:
    """Read an RTP packet; raises ValueError, IndexError and struct.error.

    A header extension that cannot be read costs itself, for nothing of it is used here.
    """
    try:
        return RtpPacket.parse(data)
    except ValueError:
        if not data[0] & _EXTENDED:
            raise
        profile = 12 + 4 * (data[0] & _CSRC_COUNT)
        return RtpPacket.parse(data[:profile] + b"\0\0" + data[profile + 2 :])


def _plain(address: Address | None) -> Address | None:
    """The address in normal form; None for a name, whose lookup would block the media."""
    if address is None:
        return None
    try:
        return str(ipaddress.ip_address(address[0])), address[1]
    except ValueError:
        log.warning("far ← %r is no IP address: nothing is sent there", address[0][:60])
        return None
