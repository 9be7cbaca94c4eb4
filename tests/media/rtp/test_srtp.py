"""SRTP with signalled keys: both suites, MKI, wrong keys, repetition; against libsrtp itself."""

import hashlib
import hmac

import pytest
from aiortc.rtp import RtcpRrPacket, RtpPacket
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.rtp.srtp import (
    RTCP_TAG_BYTES,
    SUITES,
    CipherError,
    Inbound,
    MasterKey,
    Outbound,
)

KEY = MasterKey(bytes(range(30)))
LONG, SHORT = SUITES
RTCP = bytes(RtcpRrPacket(5))


def packet(number: int, size: int = 100) -> bytes:
    return RtpPacket(9, 0, number & 0xFFFF, number * 160, 5, b"s" * size).serialize()


def with_mki(data: bytes, mki: bytes, tag: int) -> bytes:
    """As a sender with a key identifier has it: before the tag, not authenticated."""
    return data[:-tag] + mki + data[-tag:]


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("mki", "signalled"),
    [
        (b"", True),
        (b"\1", True),
        (b"\1", False),
        (b"\0\0\0\1", True),
        (b"\0\0\0\1", False),
        (b"\0\7", True),  # a length that nobody uses has to be signalled
    ],
)
def test_what_is_protected_is_opened(suite: str, mki: bytes, signalled: bool) -> None:
    outbound = Outbound(suite, KEY)
    inbound = Inbound(suite, (MasterKey(KEY.secret, mki if signalled else b""),))
    tag = SUITES[suite][1]
    for number in range(65_500, 65_600):  # over the roll-over of the sequence number
        data = outbound.rtp(packet(number))
        assert len(data) == len(packet(number)) + tag
        assert inbound.rtp(with_mki(data, mki, tag) if mki else data) == packet(number)
        data = outbound.rtcp(RTCP)
        assert inbound.rtcp(with_mki(data, mki, RTCP_TAG_BYTES) if mki else data) == RTCP


def test_the_tag_is_the_one_of_the_rfc() -> None:
    """RFC 3711 section 4.2: HMAC-SHA1 over the packet and the roll-over counter."""
    data = Outbound(LONG, KEY).rtp(packet(1))
    # appendix B.3's derivation, with libsrtp's own AES: label 1 is the authentication key
    salt = int.from_bytes(KEY.secret[16:]) ^ (1 << 48)
    counter = (salt << 16).to_bytes(16)
    stream = Cipher(algorithms.AES(KEY.secret[:16]), modes.CTR(counter)).encryptor()
    auth = stream.update(bytes(20))
    assert hmac.digest(auth, data[:-10] + bytes(4), hashlib.sha1)[:10] == data[-10:]


def test_two_keys_in_one_line() -> None:
    keys = (MasterKey(bytes(30), b"\1"), MasterKey(KEY.secret, b"\2"))
    inbound = Inbound(LONG, keys)
    first, second = Outbound(LONG, keys[0]), Outbound(LONG, keys[1])
    assert inbound.rtp(with_mki(first.rtp(packet(1)), b"\1", 10)) == packet(1)
    assert inbound.rtp(with_mki(second.rtp(packet(2)), b"\2", 10)) == packet(2)
    assert inbound.rtp(with_mki(first.rtp(packet(3)), b"\1", 10)) == packet(3)


def test_an_mki_that_comes_late_in_the_call() -> None:
    outbound, inbound = Outbound(LONG, KEY), Inbound(LONG, (KEY,))
    assert inbound.rtp(outbound.rtp(packet(1))) == packet(1)
    assert inbound.rtp(with_mki(outbound.rtp(packet(2)), b"\0\0\0\1", 10)) == packet(2)
    assert inbound.rtp(outbound.rtp(packet(3))) == packet(3)


def test_another_stream_and_a_repeated_packet() -> None:
    outbound, inbound = Outbound(LONG, KEY), Inbound(LONG, (KEY,))
    other = RtpPacket(9, 0, 7, 0, 99, b"x").serialize()
    assert outbound.rtp(packet(1)) == outbound.rtp(packet(1))  # asked for again
    assert inbound.rtp(outbound.rtp(packet(1))) == packet(1)
    assert inbound.rtp(outbound.rtp(other)) == other
    with pytest.raises(CipherError, match=r"replay|authentication"):
        inbound.rtp(outbound.rtp(packet(1)))


def test_what_is_altered_or_foreign_is_refused() -> None:
    inbound = Inbound(LONG, (KEY,))
    data = Outbound(LONG, MasterKey.fresh()).rtp(packet(1))
    for wrong in (data, data[:20], b"", packet(1), packet(1, 2_000)):
        with pytest.raises(CipherError):
            inbound.rtp(wrong)
    with pytest.raises(CipherError, match="1500 bytes not protected"):
        Outbound(LONG, KEY).rtp(packet(1, 1488))


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    inbound = Inbound(SHORT, (MasterKey(KEY.secret, b"\1\1"),))
    for open_ in (inbound.rtp, inbound.rtcp):
        with pytest.raises(CipherError):
            open_(data)


def test_keys_are_not_shown() -> None:
    shown = repr(KEY) + repr([Outbound(LONG, KEY), Inbound(LONG, (KEY,))])
    assert KEY.secret.hex() not in shown
    assert repr(KEY.secret)[2:-1] not in shown
