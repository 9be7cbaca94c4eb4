"""One unbroken stream from whichever source is heard."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.room.media.rewrite import HEADER, Incoming, Outgoing, parse, starts_keyframe

KEY, SLICE = b"\x67sps", b"\x41slice"


def packet(sequence: int, timestamp: int, payload: bytes = SLICE, ssrc: int = 5) -> Incoming:
    return Incoming(True, 102, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, payload)


def video() -> Outgoing:
    return Outgoing(9, 96, extension=3, starts_with_keyframe=True)


def numbers(data: bytes) -> tuple[int, int]:
    _, _, sequence, timestamp, _ = HEADER.unpack_from(data)
    return sequence, timestamp


def test_nothing_goes_out_before_a_picture_can_be_decoded() -> None:
    stream = video()
    assert stream.forward(packet(1, 0), 0.0) is None
    assert stream.forward(packet(2, 3000, KEY), 0.1) is not None
    data = stream.forward(packet(3, 3000), 0.1)
    assert data is not None
    out = parse(data)
    assert out == Incoming(True, 96, 3, 3000, 9, SLICE)


def test_a_switch_goes_on_where_the_listener_stands() -> None:
    stream = video()
    sent = [stream.forward(packet(60000 + n, n * 3000, KEY), n / 30) for n in range(10)]
    assert stream.forward(packet(77, 123456789, ssrc=6), 0.5) is None
    later = [stream.forward(packet(78 + n, 5 + n * 3000, KEY, 6), 1 + n / 30) for n in range(10)]
    pairs = [numbers(data) for data in [*sent, *later] if data is not None]
    assert len(pairs) == 20
    for (one, then), (two, now) in pairwise(pairs):
        assert (two - one) & 0xFFFF == 1
        assert 0 < (now - then) & 0xFFFFFFFF < 90000


def test_holes_and_reordering_stay_as_they_are() -> None:
    stream = video()
    order = [(1, KEY), (2, SLICE), (5, SLICE), (4, SLICE), (3, SLICE)]
    out = [stream.forward(packet(n, 3000, payload), 0.0) for n, payload in order]
    assert [numbers(data)[0] for data in out if data] == [1, 2, 5, 4, 3]


def test_what_was_sent_lately_can_be_sent_again() -> None:
    stream = video()
    data = [stream.forward(packet(n, n, KEY), 0.0) for n in range(3000)]
    assert stream.sent(2999) == data[-1]
    assert stream.sent(0) is None


def test_what_begins_a_picture() -> None:
    assert starts_keyframe(b"\x65")
    assert starts_keyframe(b"\x78\0\x03\x67ab")
    assert starts_keyframe(b"\x7c\x85")
    assert not starts_keyframe(b"\x7c\x05")
    assert not starts_keyframe(b"\x41")
    assert not starts_keyframe(b"")


@given(st.binary(max_size=60))
def test_no_datagram_breaks_it(data: bytes) -> None:
    found = parse(data)
    if found is not None:
        starts_keyframe(found.payload)


def test_extension_csrc_and_padding_are_left_out() -> None:
    header = bytes([0x80 | 0x20 | 0x10 | 1, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9])
    data = header + bytes([0xBE, 0xDE, 0, 1, 1, 2, 3, 4]) + b"body" + bytes([0, 2])
    found = parse(data)
    assert found is not None
    assert found.payload == b"body"
