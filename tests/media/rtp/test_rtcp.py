"""FIR, TMMBR and the rest as they stand on the wire; anything else is passed over."""

import time

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_remb_fci,
)
from aiortc.rtp import RtcpPsfbPacket as Psfb
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.rtp.rtcp import (
    KeyframeRequest,
    Nack,
    RateLimit,
    cname,
    fir,
    nack,
    ntp,
    pli,
    read,
    tmmbn,
)
from tests.media.rtp.tmmbr import tmmbr


def test_fir_names_its_target_behind_a_zero() -> None:
    """RFC 5104 section 4.3.1: sender, media source 0, then SSRC, number and 24 bits of 0."""
    data = fir(0x11111111, 0x22222222, 258)
    assert data.hex() == "84ce0004" + "11111111" + "00000000" + "22222222" + "02000000"
    assert list(read(data)) == [KeyframeRequest(0x22222222)]


def test_pli_and_nack() -> None:
    assert list(read(pli(1, 2) + nack(1, 2, [65_535, 0, 3]))) == [
        KeyframeRequest(2),
        Nack(2, (65_535, 0, 3)),
    ]


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=40, unique=True))
def test_whatever_was_lost_is_asked_for(lost: list[int]) -> None:
    """Also around the wrap at 65536, by aiortc's reader and by ours."""
    data = nack(1, 2, lost)
    (ours,) = read(data)
    (theirs,) = RtcpPacket.parse(data)
    assert isinstance(ours, Nack)
    assert isinstance(theirs, RtcpRtpfbPacket)
    assert sorted(ours.sequences) == sorted(lost)
    assert sorted(number & 0xFFFF for number in theirs.lost) == sorted(lost)


@pytest.mark.case("C14")
def test_a_fir_of_the_old_kind_alone_and_in_a_compound_packet() -> None:
    """RFC 2032 section 5.2.1: packet type 192, one word of SSRC."""
    old = bytes.fromhex("80c00001" + "22222222")
    assert list(read(old)) == [KeyframeRequest(0x22222222)]
    assert list(read(pli(1, 2) + old))[1:] == [KeyframeRequest(0x22222222)]
    assert list(read(bytes.fromhex("80c00000"))) == [KeyframeRequest(0)]


def test_a_fir_without_entries_goes_by_its_header() -> None:
    assert list(read(bytes(Psfb(4, 1, 9)))) == [KeyframeRequest(9)]


def test_tmmbr_on_the_wire() -> None:
    """RFC 5104 section 4.2.1.1: six bits of exponent, 17 of mantissa, 9 of overhead."""
    data = tmmbr(0x11111111, 0x22222222, 512_000, 40)
    assert (
        data.hex()
        == "83cd0004" + "11111111" + "00000000" + "22222222" + f"{2 << 26 | 128_000 << 9 | 40:08x}"
    )
    assert list(read(data)) == [RateLimit(0x11111111, 0x22222222, 512_000, 40)]
    notified = tmmbn(0x11111111, 0x22222222, 512_000, 40)
    assert notified == b"\x84" + data[1:], "the same, but for its kind"


@given(st.integers(0, 10**9), st.integers(0, 511))
def test_any_rate_survives_within_its_precision(bps: int, overhead: int) -> None:
    (limit,) = read(tmmbr(1, 2, bps, overhead))
    assert isinstance(limit, RateLimit)
    assert limit.overhead == overhead
    assert bps * (1 - 2**-16) <= limit.bps <= bps


def test_remb_is_a_limit_too() -> None:
    data = bytes(Psfb(15, 1, 0, pack_remb_fci(300_000, [7])))
    assert list(read(data)) == [RateLimit(1, 7, 300_000, temporary=False)]


def test_one_malformed_packet_hides_no_other() -> None:
    short_report = bytes.fromhex("81c90001" + "00000001")  # one block announced, none there
    unknown = bytes.fromhex("80cc0002" + "00000001" + "41424344")
    heard = list(read(bytes(RtcpRrPacket(3)) + short_report + unknown + cname(3, "x") + pli(3, 4)))
    assert heard[0] == RtcpRrPacket(3)
    assert heard[-1] == KeyframeRequest(4)
    assert len(heard) == 3
    assert list(read(bytes(RtcpByePacket([3])) + b"\x81\xce\0\7")) == [RtcpByePacket([3])]


def test_the_clock_is_the_wall_clock_and_runs_evenly() -> None:
    now = time.monotonic()
    seconds = (ntp(now) >> 32) - 2_208_988_800
    assert abs(seconds - time.time()) < 60
    assert ((ntp(now + 2.5) - ntp(now)) / 2**32 - 2.5) < 1e-6


@given(st.binary(max_size=120), st.sampled_from([200, 201, 202, 203, 205, 206, 207]))
def test_any_bytes(data: bytes, kind: int) -> None:
    for packet in read(data):
        assert packet is not None
    size = len(data) // 4
    for packet in read(bytes((0x81 + len(data) % 15, kind)) + size.to_bytes(2) + data):
        assert not isinstance(packet, RtcpSrPacket) or packet.sender_info
