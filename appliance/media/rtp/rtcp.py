"""RTCP beyond aiortc: FIR, TMMBR and TMMBN (RFC 5104), NACK, and compound packets read one by one.

An MCU's compound packets have unknown and malformed parts; the parts that can be read are read.
"""

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from aiortc.rtp import (
    RTCP_PSFB,
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpSdesPacket,
    RtcpSourceInfo,
    unpack_remb_fci,
)

RTCP_OLD_FIR = 192  # RFC 2032 section 5.2.1: a header and an SSRC, in or out of a compound packet
RTCP_RTPFB_TMMBR = 3
RTCP_RTPFB_TMMBN = 4
_NTP_EPOCH = 2_208_988_800  # 1970 in the seconds of NTP
_CNAME = 1
# Read once for all calls: lip sync depends on it, and the system's clock may be set in mid-call.
_WALL_CLOCK_OFFSET = time.time() - time.monotonic()


def ntp(now: float) -> int:
    """The 32.32 NTP time of a time.monotonic() second."""
    return int((now + _WALL_CLOCK_OFFSET + _NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR for the stream `ssrc`; 0 when the far end names none."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Nack:
    """A NACK of 16-bit sequence numbers."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """TMMBR, or REMB with `temporary` False: `owner` allows `ssrc` no more than `bps`, of which
    `overhead` bytes a packet are headers."""

    owner: int
    ssrc: int
    bps: int
    overhead: int = 0
    temporary: bool = True


RtcpMessage = AnyRtcpPacket | KeyframeRequest | Nack | RateLimit


def read(compound: bytes) -> Iterator[RtcpMessage]:
    """What can be read of a compound packet (RFC 3550 section 6.1), in order."""
    at = 0
    while len(compound) >= at + 4 and compound[at] >> 6 == 2:
        size = 4 + 4 * int.from_bytes(compound[at + 2 : at + 4])
        packet = compound[at : at + size]
        if len(packet) < size:
            return
        at += size
        fmt, kind = packet[0] & 0x1F, packet[1]
        if kind in (RTCP_RTPFB, RTCP_PSFB) and size < 12:
            continue
        if kind == RTCP_OLD_FIR:
            yield KeyframeRequest(int.from_bytes(packet[4:8]))
        elif kind == RTCP_RTPFB:
            yield from _transport_feedback(fmt, packet)
        elif kind == RTCP_PSFB:
            yield from _payload_feedback(fmt, packet)
        else:
            try:
                yield from RtcpPacket.parse(packet)
            except (ValueError, struct.error):
                continue


def _transport_feedback(fmt: int, packet: bytes) -> Iterator[RtcpMessage]:
    owner, media = struct.unpack_from("!LL", packet, 4)
    if fmt == RTCP_RTPFB_NACK:
        sequences: list[int] = []
        for at in range(12, len(packet) - 3, 4):
            first, following = struct.unpack_from("!HH", packet, at)
            sequences += [
                first,
                *((first + n + 1) & 0xFFFF for n in range(16) if following >> n & 1),
            ]
        yield Nack(media, tuple(sequences))
    elif fmt == RTCP_RTPFB_TMMBR:
        for at in range(12, len(packet) - 7, 8):
            ssrc, rate = struct.unpack_from("!LL", packet, at)
            bps = (rate >> 9 & 0x1FFFF) << (rate >> 26)
            yield RateLimit(owner, ssrc, bps, rate & 0x1FF)


def _payload_feedback(fmt: int, packet: bytes) -> Iterator[RtcpMessage]:
    owner, media = struct.unpack_from("!LL", packet, 4)
    if fmt == RTCP_PSFB_PLI:
        yield KeyframeRequest(media)
    elif fmt == RTCP_PSFB_FIR:
        # The header's media SSRC is 0 (RFC 5104 section 4.3.1.2); the entries name the streams.
        for at in range(12, len(packet) - 7, 8):
            yield KeyframeRequest(struct.unpack_from("!L", packet, at)[0])
        if len(packet) < 20:
            yield KeyframeRequest(media)
    elif fmt == RTCP_PSFB_APP:
        try:
            bps, ssrcs = unpack_remb_fci(packet[12:])
        except (ValueError, struct.error):
            return
        for ssrc in ssrcs:
            yield RateLimit(owner, ssrc, bps, temporary=False)


def pli(own: int, far: int) -> bytes:
    """Picture Loss Indication (RFC 4585 section 6.3.1)."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, own, far))


def fir(own: int, far: int, number: int) -> bytes:
    """Full Intra Request number `number`, modulo 256 (RFC 5104 section 4.3.1)."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_FIR, own, 0, struct.pack("!LL", far, number % 256 << 24)))


def nack(own: int, far: int, sequences: list[int]) -> bytes:
    """Generic NACK (RFC 4585 section 6.2.1) of numbers in their order.

    aiortc 1.16 raises ValueError where the numbers wrap at 65536 within one packet, and a single
    loss there would end the call.
    """
    items: list[list[int]] = []  # first number, the sixteen after it as bits
    for sequence in sequences:
        after = (sequence - items[-1][0] - 1) & 0xFFFF if items else 16
        if after < 16:
            items[-1][1] |= 1 << after
        else:
            items.append([sequence, 0])
    lost = b"".join(struct.pack("!HH", *item) for item in items)
    head = struct.pack("!BBHLL", 0x80 | RTCP_RTPFB_NACK, RTCP_RTPFB, 2 + len(items), own, far)
    return head + lost


def tmmbn(own: int, owner: int, bps: int, overhead: int) -> bytes:
    """The notification that `owner`'s limit is kept (RFC 5104 section 4.2.2)."""
    exponent = max(0, bps.bit_length() - 17)
    rate = exponent << 26 | (bps >> exponent) << 9 | overhead & 0x1FF
    return struct.pack("!BBHLLLL", 0x80 | RTCP_RTPFB_TMMBN, RTCP_RTPFB, 4, own, 0, owner, rate)


def cname(ssrc: int, name: str) -> bytes:
    """A source description (RFC 3550 section 6.5)."""
    return bytes(RtcpSdesPacket([RtcpSourceInfo(ssrc, [(_CNAME, name.encode()[:255])])]))
